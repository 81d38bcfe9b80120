import Dispatch
import OctetServing
import OctetSystem

/// All open connections, and the end of those whose clients take too long.
///
/// A socket is only ever touched under the lock. libmicrohttpd closes it after `remove`, so its number cannot have passed
/// to another connection meanwhile.
final class ConnectionWatch: Sendable {
  typealias Identifier = UInt

  fileprivate struct Connection {
    let socket: Int32
    var phase: ConnectionPhase
    /// Whether a refusal is on its way to a client that may still be sending.
    var isRefused = false
  }

  private struct State {
    var connections: [Identifier: Connection] = [:]
    var next: Identifier = 1
  }

  private let limits: TimeLimits
  private let state = Lock(State())
  private let timers = DispatchQueue(label: "octet.connections")
  private let lingering = LingeringConnections()

  init(limits: TimeLimits) {
    self.limits = limits
    scheduleSweep()
  }

  /// - Returns: an identifier that is never zero.
  func add(socket: Int32) -> Identifier {
    state.withLock { state in
      defer { state.next += 1 }
      state.connections[state.next] = Connection(socket: socket, phase: .receivingHead(since: .now))
      return state.next
    }
  }

  func remove(_ identifier: Identifier) {
    state.withLock { state in
      guard let connection = state.connections.removeValue(forKey: identifier), connection.isRefused else { return }
      lingering.keep(connection.socket)
    }
  }

  func set(_ phase: ConnectionPhase, of identifier: Identifier) {
    state.withLock { $0.connections[identifier]?.phase = phase }
  }

  /// The connection will be closed after a refusal that the client may not be waiting for yet.
  func markRefused(_ identifier: Identifier) {
    state.withLock { $0.connections[identifier]?.isRefused = true }
  }

  /// Sends a refusal past libmicrohttpd, which takes none in the middle of a body. The caller ends the connection.
  func cutOff(_ identifier: Identifier, _ error: HTTPError) {
    state.withLock { $0.connections[identifier]?.cutOff(error) }
  }

  func closeIdle() {
    state.withLock { state in
      for connection in state.connections.values where connection.phase.isIdle {
        SocketCalls.stop(connection.socket)
      }
    }
  }

  private func scheduleSweep() {
    timers.asyncAfter(deadline: .now() + .milliseconds(500)) { [weak self] in
      self?.sweep(at: .now)
      self?.scheduleSweep()
    }
  }

  private func sweep(at now: Instant) {
    state.withLock { state in
      for identifier in state.connections.keys {
        guard let phase = state.connections[identifier]?.phase, let end = phase.end(limits), end <= now else {
          continue
        }
        state.connections[identifier]?.end()
      }
    }
  }
}

extension ConnectionWatch.Connection {
  fileprivate mutating func end() {
    if phase.isReceiving { cutOff(HTTPError(408, "the request did not arrive in time")) }
    // libmicrohttpd sees the end of the stream, and closes.
    if phase.isReceiving { SocketCalls.stopReceiving(socket) } else { SocketCalls.stop(socket) }
    phase = .working
  }

  fileprivate mutating func cutOff(_ error: HTTPError) {
    let body = JSONValue.object(("error", .string(error.message))).text
    let status = [408: "Request Timeout", 413: "Content Too Large"][error.status] ?? "Bad Request"
    let text =
      "HTTP/1.1 \(error.status) \(status)\r\nContent-Type: application/json\r\nConnection: close\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    SocketCalls.send(Array(text.utf8), to: socket)
    isRefused = true
  }
}
