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
