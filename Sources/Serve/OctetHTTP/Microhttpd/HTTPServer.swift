import CMicrohttpd
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
///     connection → ConnectionAcceptor → the thread with the fewest
///     bytes → RequestAssembler → Router → Route → InferenceQueue
///                   response bytes ← Route ←───────────┘
///
/// Each thread is a daemon of libmicrohttpd. A connection is suspended until its answer is there, so that no thread waits
/// for a queue; only what takes less time than that is done on the thread itself.
package final class HTTPServer: @unchecked Sendable {
  /// Of each connection, which also bounds the head of a request.
  private static let connectionMemory = 32_768

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
  /// Written before any other thread knows the server, as is `acceptor`.
  private var daemons: [OpaquePointer] = []
  private var acceptor: ConnectionAcceptor?
  private let callbacks: UnsafeMutablePointer<octet_http_callbacks>
  /// Two texts with a zero behind them, or none.
  private let identity: [UnsafeMutablePointer<CChar>?]

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  /// Requests that have begun and are not answered yet.
  package var requestsInFlight: Int { openExchanges.load(ordering: .relaxed) }

  /// Serves from now on, until `stop`.
  package init(
    listeningOn socket: consuming ListeningSocket, repository: ModelRepository, metrics: Metrics,
    options: HTTPServerOptions = HTTPServerOptions()
  ) throws(SystemError) {
    self.options = options
    context = ServerContext(repository: repository, metrics: metrics, options: options)
    watch = ConnectionWatch(limits: options.connections, times: options.times, isPlain: options.identity == nil)
    name = socket.name
    identity = (options.identity.map { [$0.certificates, $0.key] } ?? []).map { text in
      (text + [0]).withUnsafeBytes { $0.baseAddress.flatMap { strdup($0.assumingMemoryBound(to: CChar.self)) } }
    }
    callbacks = .allocate(capacity: 1)
    callbacks.initialize(to: Self.callbacks)
    // Balanced in `stopDaemons`: libmicrohttpd calls for as long as its threads run.
    callbacks.pointee.context = Unmanaged.passRetained(self).toOpaque()
    for _ in 0..<max(1, options.threads) {
      guard let daemon = octet_http_start(daemonOptions, callbacks) else {
        // GnuTLS says in the log what is wrong with a certificate.
        let error = SystemError("start the HTTP server", code: options.identity == nil ? errno : EKEYREJECTED)
        stopDaemons()
        throw error
      }
      daemons.append(daemon)
    }
    acceptor = ConnectionAcceptor(socket) { [unowned self] in add($0, from: $1) }
  }

  deinit {
    callbacks.deallocate()
    for text in identity { free(text) }
  }

  private var daemonOptions: octet_http_options {
    octet_http_options(
      // The limits are kept where connections are accepted.
      connection_limit: UInt32(clamping: options.connections.total + ConnectionLimits.surplus),
      idle_seconds: UInt32(clamping: options.times.idle.components.seconds),
      connection_memory: Self.connectionMemory, certificate: identity.first ?? nil, key: identity.last ?? nil)
  }

  private func add(_ socket: Int32, from address: PeerAddress?) {
    guard watch.admit(socket, from: address) else {
      let refusal = HTTPError(503, "there are too many connections; try again later")
      if options.identity == nil { SocketCalls.send(refusal.closingText, to: socket) }
      close(socket)
      return
    }
    guard let daemon = daemons.min(by: { octet_http_connection_count($0) < octet_http_connection_count($1) }),
      MHD_add_connection(daemon, socket, nil, 0) == .YES
    else {
      // libmicrohttpd has closed the socket.
      if let connection = watch.claim(socket) { watch.remove(connection) }
      return
    }
  }

  // MARK: - The end

  /// From now on every answer closes its connection.
  package func beginDraining() { draining.store(true, ordering: .relaxed) }

  /// Takes no more connections. Those that are open are served on.
  package func stopListening() { acceptor?.stop() }

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
    stopDaemons()
    return true
  }

  private func stopDaemons() {
    for daemon in daemons { MHD_stop_daemon(daemon) }
    Unmanaged.passUnretained(self).release()
  }
}

// MARK: - Calls from libmicrohttpd

extension HTTPServer {
  private static var callbacks: octet_http_callbacks {
    octet_http_callbacks(
      context: nil,
      handle_request: { context, connection, path, method, _, piece, pieceLength, exchange in
        guard let context, let connection, let path, let method, let pieceLength, let exchange else { return .NO }
        let server = HTTPServer.from(context)
        guard let known = exchange.pointee else {
          return server.begin(connection, path, method, &exchange.pointee)
        }
        let current = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
        guard pieceLength.pointee > 0 else { return current.proceed() }
        let bytes = UnsafeRawBufferPointer(start: piece, count: pieceLength.pointee)
        pieceLength.pointee = 0
        return current.receive(bytes)
      },
      request_completed: { context, _, exchange, _ in
        guard let context, let known = exchange?.pointee else { return }
        HTTPServer.from(context).complete(Unmanaged<HTTPExchange>.fromOpaque(known).takeRetainedValue())
        exchange?.pointee = nil
      },
      connection_changed: { context, connection, stored, change in
        guard let context, let connection, let stored else { return }
        let watch = HTTPServer.from(context).watch
        if change == .CONNECTION_NOTIFY_STARTED {
          guard let watched = watch.claim(octet_http_socket(connection)) else { return }
          stored.pointee = Unmanaged.passRetained(watched).toOpaque()
        } else if let known = stored.pointee {
          watch.remove(Unmanaged<WatchedConnection>.fromOpaque(known).takeRetainedValue())
        }
      },
      request_line_received: { _, _, connection in
        connection.flatMap(HTTPServer.watched)?.set(.receivingHead(since: .now))
        return nil
      },
      log: { context, message in
        guard let context, let message else { return }
        HTTPServer.from(context).logger.debug("\(String(cString: message))")
      })
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> HTTPServer {
    Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
  }

  private static func watched(_ connection: OpaquePointer) -> WatchedConnection? {
    octet_http_socket_context(connection).map { Unmanaged<WatchedConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  private func begin(
    _ connection: OpaquePointer, _ path: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>,
    _ slot: inout UnsafeMutableRawPointer?
  ) -> MHD_Result {
    guard let watched = Self.watched(connection) else { return .NO }
    let head = RequestHead(
      method: String(cString: method), path: String(cString: path), headers: Self.headers(of: connection))
    let exchange = HTTPExchange(connection: connection, head: head, watched: watched, server: self)
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

  private static func headers(of connection: OpaquePointer) -> [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    withUnsafeMutablePointer(to: &headers) { pointer in
      _ = MHD_get_connection_values(
        connection, .HEADER_KIND,
        { context, _, name, value in
          guard let context, let name else { return .YES }
          let headers = context.assumingMemoryBound(to: [(name: String, value: String)].self)
          headers.pointee.append((String(cString: name), value.map { String(cString: $0) } ?? ""))
          return .YES
        }, pointer)
    }
    return headers
  }
}
