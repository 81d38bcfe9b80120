import OctetRuntime

/// A point in time as the serving side measures it: nanoseconds of a clock that never goes back.
///
/// ContinuousClock counts attoseconds in 128 bits, and a request looks at the clock a dozen times.
package struct Instant: Hashable, Comparable, Sendable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static var now: Instant { Instant(nanoseconds: monotonicNanoseconds()) }

  package static func < (earlier: Instant, later: Instant) -> Bool { earlier.nanoseconds < later.nanoseconds }

  /// Ends of time are where arithmetic stops.
  package static func + (instant: Instant, duration: Duration) -> Instant {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(UInt64(duration.wholeNanoseconds))
    return Instant(nanoseconds: overflow ? .max : sum)
  }

  package static func - (later: Instant, earlier: Instant) -> Duration { earlier.duration(to: later) }

  package func advanced(by duration: Duration) -> Instant { self + duration }

  /// Negative where `other` is earlier.
  package func duration(to other: Instant) -> Duration {
    Duration(attoseconds: (Int128(other.nanoseconds) - Int128(nanoseconds)) * 1_000_000_000)
  }
}

extension Duration {
  /// Nanoseconds, as many as an Int holds; what lies in the past counts as none.
  var wholeNanoseconds: Int {
    guard attoseconds > 0 else { return 0 }
    // Up to 18 s one word holds them, and dividing that takes no call.
    guard attoseconds >> 64 == 0 else { return Int(clamping: attoseconds / 1_000_000_000) }
    return Int(UInt64(truncatingIfNeeded: attoseconds) / 1_000_000_000)
  }

  /// Double(Int128) goes through generic code; each request asks for ten of these.
  package var inSeconds: Double {
    let high = Int64(truncatingIfNeeded: attoseconds >> 64)
    let low = UInt64(truncatingIfNeeded: attoseconds)
    return (Double(high) * 0x1p64 + Double(low)) * 1e-18
  }
}
