import CMicrohttpd
import Dispatch
import Glibc
import Logging
package import OctetServing
package import OctetSystem
import Synchronization

/// How the HTTP side is set up.
package struct HTTPServerOptions: Hashable, Sendable {
  package var bodyByteCount = 64 << 20
  /// Of all bodies that have arrived and are not answered yet.
  package var totalBodyByteCount = 1 << 30
  package var connections = ConnectionLimits()
  package var times = TimeLimits()
  /// Pixels that a picture may have.
  package var picturePixels = 32 << 20
  /// Whether models may be loaded and unloaded over HTTP.
  package var allowsRepositoryChanges = false
  /// Threads that serve connections.
  package var threads = 1
  /// What clients have to show for anything but health.
  package var token: BearerToken?
  /// Without it connections are not encrypted.
  package var identity: TLSIdentity?

  package init() {}
}

/// Serves models over HTTP.
///
///     connection → ConnectionAcceptor → ConnectionSorter → the thread with the fewest
///     bytes → RequestAssembler → Router → Route → InferenceQueue
///                   response bytes ← Route ←───────────┘
///
/// A connection is suspended until its answer is there, so that no thread waits for a queue; only what takes less time than
/// that is done on the thread itself.
package final class HTTPServer: @unchecked Sendable {
  /// What a reload may change.
  private struct Security {
    var threads: ConnectionThreads?
    /// Threads with an earlier certificate, for the connections that they still have.
    var retired: [ConnectionThreads] = []
    var token: BearerToken?
  }

  let options: HTTPServerOptions
  let router = Router.standard
  let context: ServerContext
  /// Where clients connect to.
  package let name: SocketName?

  private let watch: ConnectionWatch
  private let logger = Logger(label: "octet.http")
  private let draining = Atomic(false)
  private let openExchanges = Atomic(0)
  private let bodyByteCount = Atomic(0)
  private let security: Lock<Security>
  /// Written before any other thread knows the server.
  private var acceptor: ConnectionAcceptor?
  private let sorter = ConnectionSorter()

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  /// What clients have to show for anything but health; nil where that is nothing.
  var token: BearerToken? { security.withLock { $0.token } }

  /// Requests that have begun and are not answered yet.
  package var requestsInFlight: Int { openExchanges.load(ordering: .relaxed) }

  /// Bytes of bodies that have arrived and are not answered yet.
  var heldByteCount: Int { bodyByteCount.load(ordering: .relaxed) }

  /// Serves from now on, until `stop`.
  package init(
    listeningOn socket: consuming ListeningSocket, repository: ModelRepository, metrics: Metrics,
    options: HTTPServerOptions = HTTPServerOptions()
  ) throws(SystemError) {
    self.options = options
    context = ServerContext(repository: repository, metrics: metrics, options: options)
    watch = ConnectionWatch(limits: options.connections, times: options.times, isPlain: options.identity == nil)
    name = socket.name
    security = Lock(Security(token: options.token))
    let threads = try ConnectionThreads(self, identity: options.identity)
    security.withLock { $0.threads = threads }
    acceptor = ConnectionAcceptor(socket) { [unowned self] in add($0, from: $1) }
  }

  /// On the acceptor's queue.
  private func add(_ socket: Int32, from address: PeerAddress?) {
    guard watch.admit(socket, from: address) else {
      let refusal = HTTPError(503, "there are too many connections; try again later")
      if options.identity == nil { SocketCalls.send(refusal.closingText, to: socket) }
      close(socket)
      return
    }
    // What is encrypted says nothing before it is with a thread.
    guard options.identity == nil else { return serve(socket, .other) }
    sorter.sort(socket) { kind in self.serve(socket, kind) }
  }

  private func serve(_ socket: Int32, _ kind: ConnectionSorter.Kind) {
    let threads = security.withLock { $0.threads }
    guard let threads, kind != .stopped else {
      abandon(socket)
      close(socket)
      return
    }
    let place = kind == .probe ? nil : threads.place()
    watch.assign(socket, to: place)
    guard !threads.serve(socket, at: place) else { return }
    // libmicrohttpd has closed the socket.
    abandon(socket)
    if let place { threads.leave(place) }
  }

  private func abandon(_ socket: Int32) {
    if let connection = watch.claim(socket) { watch.remove(connection) }
  }

  // MARK: - Secrets

  /// A token, and threads with a certificate, that are ready to be used.
  package struct SecurityChange: Sendable {
    fileprivate let token: BearerToken?
    /// Nil where the certificate stays.
    fileprivate let threads: ConnectionThreads?

    /// Nothing changes.
    package func discard() { threads?.stop() }
  }

  /// Gets ready for a new token and certificate; `adopt` or `discard` has to follow. Whether connections are encrypted at
  /// all stays as it is.
  ///
  /// - Throws: what is wrong with the certificate.
  package func prepareSecurity(token: BearerToken?, identity: TLSIdentity?) throws(SystemError) -> SecurityChange {
    let current = security.withLock { $0.threads?.identity }
    guard let identity, let current, current != identity else { return SecurityChange(token: token, threads: nil) }
    return SecurityChange(token: token, threads: try ConnectionThreads(self, identity: identity))
  }

  /// The token holds for every request from now on, the certificate for connections that begin from now on. Those that
  /// are open end with their next answer.
  package func adopt(_ change: SecurityChange) {
    security.withLock { security in
      security.token = change.token
      guard let threads = change.threads else { return }
      if let old = security.threads {
        old.retire()
        security.retired.append(old)
      }
      security.threads = threads
    }
    stopRetired()
  }

  /// Stops the threads that nobody is connected to any more, and looks again later if there are others.
  private func stopRetired() {
    let (idle, remaining) = security.withLock { security in
      let idle = security.retired.filter { $0.connectionCount == 0 }
      security.retired.removeAll { threads in idle.contains { $0 === threads } }
      return (idle, security.retired.count)
    }
    for threads in idle { threads.stop() }
    guard remaining > 0 else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { [weak self] in self?.stopRetired() }
  }

  // MARK: - The end

  /// From now on every answer closes its connection.
  package func beginDraining() { draining.store(true, ordering: .relaxed) }

  /// Takes no more connections. Those that are open are served on.
  package func stopListening() {
    acceptor?.stop()
    sorter.stop()
  }

  /// Waits until the requests that are under way have been answered, then closes every connection.
  ///
  /// - Returns: false when `patience` ended first. Then nothing is closed: libmicrohttpd must not stop while a connection
  ///   is suspended.
  package func stop(patience: Duration) -> Bool {
    let end = Instant.now + patience
    while requestsInFlight > 0 {
      guard .now < end else { return false }
      usleep(2000)
    }
    watch.closeIdle()
    let threads = security.withLock { security in
      defer {
        security.threads = nil
        security.retired = []
      }
      return security.retired + [security.threads].compactMap(\.self)
    }
    for threads in threads { threads.stop() }
    return true
  }
}

// MARK: - Calls from libmicrohttpd

extension HTTPServer {
  /// Their context is the `ConnectionThreads` that they are called on.
  static var callbacks: octet_http_callbacks {
    octet_http_callbacks(
      context: nil,
      handle_request: { context, connection, path, method, _, piece, pieceLength, exchange in
        guard let context, let connection, let path, let method, let pieceLength, let exchange else { return .NO }
        guard let known = exchange.pointee else {
          let threads = ConnectionThreads.from(context)
          return threads.server.begin(connection, path, method, on: threads, &exchange.pointee)
        }
        let current = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
        guard pieceLength.pointee > 0 else { return current.proceed() }
        let bytes = UnsafeRawBufferPointer(start: piece, count: pieceLength.pointee)
        pieceLength.pointee = 0
        return current.receive(bytes)
      },
      request_completed: { context, _, exchange, _ in
        guard let context, let known = exchange?.pointee else { return }
        ConnectionThreads.from(context).server.complete(Unmanaged<HTTPExchange>.fromOpaque(known).takeRetainedValue())
        exchange?.pointee = nil
      },
      connection_changed: { context, connection, stored, change in
        guard let context, let connection, let stored else { return }
        let threads = ConnectionThreads.from(context)
        if change == .CONNECTION_NOTIFY_STARTED {
          guard let watched = threads.server.watch.claim(octet_http_socket(connection)) else { return }
          stored.pointee = Unmanaged.passRetained(watched).toOpaque()
        } else if let known = stored.pointee {
          let watched = Unmanaged<WatchedConnection>.fromOpaque(known).takeRetainedValue()
          threads.server.watch.remove(watched)
          if let place = watched.place { threads.leave(place) }
        }
      },
      request_line_received: { _, _, connection in
        connection.flatMap(HTTPServer.watched)?.set(.receivingHead(since: .now))
        return nil
      },
      log: { context, message in
        guard let context, let message else { return }
        ConnectionThreads.from(context).server.logger.debug("\(String(cString: message))")
      })
  }

  private static func watched(_ connection: OpaquePointer) -> WatchedConnection? {
    octet_http_socket_context(connection).map { Unmanaged<WatchedConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  private func begin(
    _ connection: OpaquePointer, _ path: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>,
    on threads: ConnectionThreads, _ slot: inout UnsafeMutableRawPointer?
  ) -> MHD_Result {
    guard let watched = Self.watched(connection) else { return .NO }
    var head = RequestHead(method: String(cString: method), target: String(cString: path))
    Self.readFields(of: connection, into: &head)
    let exchange = HTTPExchange(connection: connection, head: head, watched: watched, threads: threads)
    slot = Unmanaged.passRetained(exchange).toOpaque()
    openExchanges.add(1, ordering: .relaxed)
    return exchange.begin()
  }

  /// - Returns: false when all bodies together are too large.
  func addBody(_ byteCount: Int) -> Bool {
    bodyByteCount.add(byteCount, ordering: .relaxed).newValue <= options.totalBodyByteCount
  }

  private func complete(_ exchange: HTTPExchange) {
    openExchanges.subtract(1, ordering: .relaxed)
    bodyByteCount.subtract(exchange.bodyByteCount, ordering: .relaxed)
    exchange.watched.set(.idle(since: .now))
  }

  private static func readFields(of connection: OpaquePointer, into head: inout RequestHead) {
    withUnsafeMutablePointer(to: &head) { pointer in
      _ = MHD_get_connection_values_n(
        connection, .HEADER_KIND,
        { context, _, name, nameLength, value, valueLength in
          guard let context, let name else { return .YES }
          let head = context.assumingMemoryBound(to: RequestHead.self)
          let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : valueLength)
          name.withMemoryRebound(to: UInt8.self, capacity: nameLength) {
            head.pointee.add(name: UnsafeBufferPointer(start: $0, count: nameLength), value: bytes)
          }
          return .YES
        }, pointer)
    }
  }
}
