import CMicrohttpd
import Glibc
import Logging
package import OctetServing
package import OctetSystem
import Synchronization

/// Limits of the HTTP side.
package struct HTTPServerOptions: Hashable, Sendable {
  package var bodyByteCount = 64 << 20
  package var connections = 1024
  package var times = TimeLimits()
  /// Whether models may be loaded and unloaded over HTTP.
  package var allowsRepositoryChanges = false

  package init() {}
}

/// Serves models over HTTP.
///
///     bytes → RequestAssembler → Router → Route → InferenceQueue
///                   response bytes ← Route ←───────────┘
///
/// libmicrohttpd serves all connections on one thread of its own. A connection is suspended before its request is queued
/// and resumed when the answer is there, so that this thread never waits for a kernel.
package final class HTTPServer: @unchecked Sendable {
  let options: HTTPServerOptions
  let router = Router.standard
  let context: ServerContext
  let watch: ConnectionWatch
  /// The port that clients connect to.
  package let port: UInt16

  private let logger = Logger(label: "octet.http")
  private let draining = Atomic(false)
  private let openExchanges = Atomic(0)
  /// Written before any other thread knows the server.
  private var daemon: OpaquePointer?
  /// The listening socket after `stopListening`, which comes before `stop` and on the same thread.
  private var quiescedSocket: Int32 = -1
  private let callbacks: UnsafeMutablePointer<octet_http_callbacks>

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
    watch = ConnectionWatch(limits: options.times)
    port = socket.port
    callbacks = .allocate(capacity: 1)
    callbacks.initialize(to: Self.callbacks)
    // Balanced in `stop`: libmicrohttpd calls for as long as its thread runs.
    callbacks.pointee.context = Unmanaged.passRetained(self).toOpaque()
    daemon = octet_http_start(
      socket.release(), UInt32(clamping: options.connections), UInt32(clamping: options.times.idle.components.seconds),
      // Larger pieces of a body arrive with fewer calls; beyond this little is gained.
      131_072, callbacks)
    guard daemon != nil else {
      let error = SystemError("start the HTTP server")
      Unmanaged.passUnretained(self).release()
      throw error
    }
  }

  deinit { callbacks.deallocate() }

  // MARK: - The end

  /// From now on every answer closes its connection.
  package func beginDraining() { draining.store(true, ordering: .relaxed) }

  /// Takes no more connections. Those that are open are served on.
  package func stopListening() {
    quiescedSocket = MHD_quiesce_daemon(daemon)
    // Whoever connects from now on is refused. The descriptor itself is still known to libmicrohttpd's thread.
    if quiescedSocket >= 0 { SocketCalls.stop(quiescedSocket) }
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
    MHD_stop_daemon(daemon)
    if quiescedSocket >= 0 { close(quiescedSocket) }
    Unmanaged.passUnretained(self).release()
    return true
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
          stored.pointee = UnsafeMutableRawPointer(bitPattern: watch.add(socket: octet_http_socket(connection)))
        } else {
          watch.remove(UInt(bitPattern: stored.pointee))
        }
      },
      request_line_received: { context, _, connection in
        guard let context, let connection else { return nil }
        let identifier = UInt(bitPattern: octet_http_socket_context(connection))
        HTTPServer.from(context).watch.set(.receivingHead(since: .now), of: identifier)
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

  private func begin(
    _ connection: OpaquePointer, _ path: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>,
    _ slot: inout UnsafeMutableRawPointer?
  ) -> MHD_Result {
    let head = RequestHead(
      method: String(cString: method), path: String(cString: path), headers: Self.headers(of: connection))
    let exchange = HTTPExchange(
      connection: connection, head: head, watched: UInt(bitPattern: octet_http_socket_context(connection)), server: self
    )
    slot = Unmanaged.passRetained(exchange).toOpaque()
    openExchanges.add(1, ordering: .relaxed)
    return exchange.begin()
  }

  private func complete(_ exchange: HTTPExchange) {
    openExchanges.subtract(1, ordering: .relaxed)
    watch.set(.idle(since: .now), of: exchange.watched)
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
