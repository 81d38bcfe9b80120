import OctetServing

/// How long clients may take.
package struct TimeLimits: Hashable, Sendable {
  /// For the head of a request, from its first line on; for the first one, from the connection on.
  package var head = Duration.seconds(10)
  /// For a body, and one second more for each MiB that is announced.
  package var body = Duration.seconds(30)
  /// Between two requests of a connection.
  package var idle = Duration.seconds(120)

  package init() {}

  /// How long `byteCount` bytes may take on the way, in either direction.
  func transfer(of byteCount: Int) -> Duration { body + .seconds(byteCount >> 20) }
}

/// What a connection is at. Each phase that waits for the client has an absolute end, so that a byte now and then does
/// not keep a connection: libmicrohttpd's own limit begins anew with each.
enum ConnectionPhase: Hashable, Sendable {
  case idle(since: Instant)
  case receivingHead(since: Instant)
  case receivingBody(since: Instant, byteCount: Int)
  case working
  case sending(since: Instant, byteCount: Int)

  /// When the client has had its time, or nil while it is not the client who is waited for.
  func end(_ limits: TimeLimits) -> Instant? {
    switch self {
    case .idle(let since): since + limits.idle
    case .receivingHead(let since): since + limits.head
    case .receivingBody(let since, let byteCount), .sending(let since, let byteCount):
      since + limits.transfer(of: byteCount)
    case .working: nil
    }
  }

  /// Whether the client is in the middle of sending, and should be told why it is cut off.
  var isReceiving: Bool {
    switch self {
    case .receivingHead, .receivingBody: true
    case .idle, .working, .sending: false
    }
  }

  /// Since when nothing but the client is waited for, which has not been answered yet or has nothing to be answered.
  var waitingSince: Instant? {
    switch self {
    case .idle(let since), .receivingHead(let since), .receivingBody(let since, _): since
    case .working, .sending: nil
    }
  }

  var isIdle: Bool {
    if case .idle = self { true } else { false }
  }
}

extension ConnectionPhase {
  private static let largestMebibytes: UInt64 = 0x1FFF

  /// All of it in one word, which threads can share without a lock: the kind in 3 bits, MiB in 13, and microseconds. Of a
  /// body the whole MiB are kept, which is what its time depends on.
  var word: UInt64 {
    func word(_ kind: UInt64, _ since: Instant, _ byteCount: Int = 0) -> UInt64 {
      let mebibytes = min(UInt64(clamping: byteCount) >> 20, Self.largestMebibytes)
      return (since.nanoseconds / 1000) << 16 | mebibytes << 3 | kind
    }
    return switch self {
    case .idle(let since): word(0, since)
    case .receivingHead(let since): word(1, since)
    case .receivingBody(let since, let byteCount): word(2, since, byteCount)
    case .sending(let since, let byteCount): word(3, since, byteCount)
    case .working: 4
    }
  }

  init(word: UInt64) {
    let since = Instant(nanoseconds: (word >> 16) * 1000)
    let byteCount = Int(word >> 3 & Self.largestMebibytes) << 20
    switch word & 7 {
    case 0: self = .idle(since: since)
    case 1: self = .receivingHead(since: since)
    case 2: self = .receivingBody(since: since, byteCount: byteCount)
    case 3: self = .sending(since: since, byteCount: byteCount)
    default: self = .working
    }
  }
}
