import Synchronization

/// A number that only grows.
package final class Counter: Sendable {
  private let total = Atomic<UInt64>(0)

  package init() {}

  package var value: UInt64 { total.load(ordering: .relaxed) }
  package func add(_ amount: UInt64 = 1) { total.wrappingAdd(amount, ordering: .relaxed) }
}

/// Counts observations by size. Recording takes no lock; a scrape may see an observation half a moment early or late.
package final class Histogram: Sendable {
  /// The upper bounds of the buckets, ascending; one more bucket takes what is larger.
  package let bounds: [Double]
  private let buckets: [Counter]
  /// The sum is kept in these units, which makes it an integer that threads can add to.
  private let unit: Double
  private let sum = Counter()

  /// From 100 µs to 10 s, each bound about twice the one before.
  package static func ofSeconds() -> Histogram {
    Histogram(
      bounds: [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10], unit: 1e-9)
  }

  package static func ofBatchSizes() -> Histogram { Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128], unit: 1) }

  private init(bounds: [Double], unit: Double) {
    self.bounds = bounds
    self.unit = unit
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  package func record(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    buckets[bucket].add()
    sum.add(UInt64(exactly: (max(0, value) / unit).rounded()) ?? 0)
  }

  package func record(_ duration: Duration) { record(duration.inSeconds) }

  /// Observations of at most each bound, and of any size last.
  package var cumulativeCounts: [UInt64] {
    var total: UInt64 = 0
    return buckets.map { bucket in
      total &+= bucket.value
      return total
    }
  }

  package var total: Double { Double(sum.value) * unit }
}
