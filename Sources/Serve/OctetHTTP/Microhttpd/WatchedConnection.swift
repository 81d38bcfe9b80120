import OctetServing
import OctetSystem
import Synchronization

/// One open connection: who is at the other end, and what is waited for.
///
/// Its socket is only ever touched under the lock, and not after `close`, which comes before libmicrohttpd closes it: its
/// number may pass to another connection then.
final class WatchedConnection: Sendable {
  private struct State {
    /// Whether a refusal is on its way to a client that may still be sending.
    var isRefused = false
    var isClosed = false
  }

  let address: PeerAddress?
  /// Whether it came when as many as are served were there already: such a one is only told how the server is.
  let isSurplus: Bool
  private let socket: Int32
  /// Whether text can be written past libmicrohttpd.
  private let isPlain: Bool
  private let state = Lock(State())
  /// A `ConnectionPhase`, which changes several times in each request.
  private let phaseWord: Atomic<UInt64>
  /// Of the thread that serves it; -1 is that of probes.
  private let placeWord = Atomic(-1)

  init(socket: Int32, address: PeerAddress?, isSurplus: Bool, isPlain: Bool) {
    self.socket = socket
    self.address = address
    self.isSurplus = isSurplus
    self.isPlain = isPlain
    phaseWord = Atomic(ConnectionPhase.receivingHead(since: .now).word)
  }

  var place: Int? {
    let place = placeWord.load(ordering: .relaxed)
    return place < 0 ? nil : place
  }

  /// Whether its first request asks about the server.
  var isProbe: Bool { place == nil }

  func assign(to place: Int?) { placeWord.store(place ?? -1, ordering: .relaxed) }

  private var phase: ConnectionPhase { ConnectionPhase(word: phaseWord.load(ordering: .relaxed)) }

  func set(_ phase: ConnectionPhase) { phaseWord.store(phase.word, ordering: .relaxed) }

  /// The connection will be closed after a refusal that the client may not be waiting for yet.
  func markRefused() { state.withLock { $0.isRefused = true } }

  /// Sends a refusal past libmicrohttpd, which takes none in the middle of a body. The caller ends the connection.
  func cutOff(_ error: HTTPError) { state.withLock { cutOff(error, &$0) } }

  /// Ends the connection if its client has had its time, or has gone in the middle of a request.
  func endIfLate(at now: Instant, _ limits: TimeLimits) {
    state.withLock { state in
      let phase = phase
      guard !state.isClosed, let end = phase.end(limits) else { return }
      if hasGone(phase, at: now) { return SocketCalls.stop(socket) }
      guard end <= now else { return }
      // libmicrohttpd sees the end of the stream, and closes.
      if phase.isReceiving {
        cutOff(HTTPError(408, "the request did not arrive in time"), &state)
        SocketCalls.stopReceiving(socket)
      } else {
        SocketCalls.stop(socket)
      }
      set(.working)
    }
  }

  /// Whether nothing more can come. Where the end of a stream comes together with its last bytes, libmicrohttpd reads these
  /// and waits for more. What it has just read may be a request that has not begun yet, so it gets a moment for that.
  private func hasGone(_ phase: ConnectionPhase, at now: Instant) -> Bool {
    phase.waitingSince.map { now - $0 > .seconds(1) } ?? false && SocketCalls.hasHungUp(socket)
  }

  func endIfIdle() {
    state.withLock { state in
      if phase.isIdle && !state.isClosed { SocketCalls.stop(socket) }
    }
  }

  /// The socket is about to be closed. What a refused client still sends is left to `lingering`.
  func close(_ lingering: LingeringConnections) {
    state.withLock { state in
      state.isClosed = true
      if state.isRefused && isPlain { lingering.keep(socket) }
    }
  }

  private func cutOff(_ error: HTTPError, _ state: inout State) {
    state.isRefused = true
    if isPlain && !state.isClosed { SocketCalls.send(error.closingText, to: socket) }
  }
}

extension HTTPError {
  /// The whole answer, for a connection that ends with it.
  var closingText: [UInt8] {
    let body = JSONValue.object(("error", .string(message))).text
    let phrases = [408: "Request Timeout", 413: "Content Too Large", 503: "Service Unavailable"]
    let phrase = phrases[status] ?? "Bad Request"
    let retry = status == 503 ? "Retry-After: 1\r\n" : ""
    let text =
      "HTTP/1.1 \(status) \(phrase)\r\nContent-Type: application/json\r\nConnection: close\r\n\(retry)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    return Array(text.utf8)
  }
}
