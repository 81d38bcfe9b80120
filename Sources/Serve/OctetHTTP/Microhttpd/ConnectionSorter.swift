import Dispatch
import OctetSystem

/// Looks at the first bytes of connections, so that those which ask about the server are served apart from the others.
final class ConnectionSorter: Sendable {
  enum Kind {
    /// The client asks whether the server lives, is ready, or is busy.
    case probe
    case other
    /// Nobody is sorted any more.
    case stopped
  }

  private struct State {
    /// Of connections on which nothing has been said yet, by socket.
    var sources: [Int32: any DispatchSourceRead] = [:]
    var isStopped = false
  }

  private static let probes = ["GET", "HEAD"].flatMap { method in
    ["/health/", "/v2/health/", "/metrics"].map { Array("\(method) \($0)".utf8) }
  }
  private static let longest = probes.reduce(0) { max($0, $1.count) }

  private let queue = DispatchQueue(label: "octet.sorting")
  private let state = Lock(State())

  /// Calls `decided` once, as soon as the client has said something or has gone, on this thread or on another.
  func sort(_ socket: Int32, decided: @escaping @Sendable (Kind) -> Void) {
    if let kind = Self.kind(of: socket) { return decided(kind) }
    let source = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
    source.setEventHandler { self.state.withLock { $0.sources.removeValue(forKey: socket) }?.cancel() }
    // Only now does Dispatch no longer look at the socket.
    source.setCancelHandler {
      // Whoever has said something is answered, even at the end.
      decided(Self.kind(of: socket) ?? (self.state.withLock { $0.isStopped } ? .stopped : .other))
    }
    state.withLock { $0.sources[socket] = source }
    source.activate()
  }

  /// Decides no more.
  func stop() {
    let sources = state.withLock { state in
      state.isStopped = true
      defer { state.sources = [:] }
      return state.sources.values
    }
    for source in sources { source.cancel() }
  }

  /// Nil when nothing has arrived yet.
  private static func kind(of socket: Int32) -> Kind? {
    guard let beginning = SocketCalls.peek(socket, upTo: longest) else { return nil }
    return probes.contains { beginning.starts(with: $0) } ? .probe : .other
  }
}
