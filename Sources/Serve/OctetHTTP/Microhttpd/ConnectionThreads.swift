import CMicrohttpd
import Glibc
import OctetSystem
import Synchronization

/// The threads that serve connections, all with the same certificate. Each is a daemon of libmicrohttpd.
///
/// One of them is for connections that begin with a question about the server itself. It runs no inference, and the
/// system lets it go before threads that do: health is answered however much there is to do.
final class ConnectionThreads: @unchecked Sendable {
  /// Of each connection, which also bounds the head of a request. It is cleared for every request; half of it is what is
  /// read of a body at once, which large tensors notice.
  private static let connectionMemory = 32_768
  /// How long the thread that answers probes computes at most before others may go on, which is also how soon it begins.
  private static let probeSlice = Duration.microseconds(100)

  let server: HTTPServer
  let identity: TLSIdentity?
  private let callbacks: UnsafeMutablePointer<octet_http_callbacks>
  /// Two texts with a zero behind them, or none.
  private let secrets: [UnsafeMutablePointer<CChar>?]
  /// Written by `init` only.
  private var daemons: [OpaquePointer] = []
  private var probes: OpaquePointer?
  /// Connections of each daemon of `daemons`. libmicrohttpd counts one only when its thread has come to it, so that of
  /// many which come at once too many would go to the same.
  private let counts: Lock<[Int]>
  private let retired = Atomic(false)

  init(_ server: HTTPServer, identity: TLSIdentity?) throws(SystemError) {
    self.server = server
    self.identity = identity
    counts = Lock(Array(repeating: 0, count: max(1, server.options.threads)))
    secrets = (identity.map { [$0.certificates, $0.key] } ?? []).map { text in
      (text + [0]).withUnsafeBytes { $0.baseAddress.flatMap { strdup($0.assumingMemoryBound(to: CChar.self)) } }
    }
    callbacks = .allocate(capacity: 1)
    callbacks.initialize(to: HTTPServer.callbacks)
    // Balanced in `stop`: libmicrohttpd calls for as long as its threads run.
    callbacks.pointee.context = Unmanaged.passRetained(self).toOpaque()
    do throws(SystemError) {
      for _ in 0..<max(1, server.options.threads) { daemons.append(try start()) }
      probes = try TimeSlice.with(Self.probeSlice) { () throws(SystemError) in try start() }
    } catch {
      stop()
      throw error
    }
  }

  deinit {
    callbacks.deallocate()
    for text in secrets { free(text) }
  }

  private func start() throws(SystemError) -> OpaquePointer {
    let options = octet_http_options(
      // The limits are kept where connections are accepted.
      connection_limit: UInt32(clamping: server.options.connections.total + ConnectionLimits.surplus),
      idle_seconds: UInt32(clamping: server.options.times.idle.components.seconds),
      connection_memory: Self.connectionMemory, certificate: secrets.first ?? nil, key: secrets.last ?? nil)
    // GnuTLS says in the log what is wrong with a certificate.
    guard let daemon = octet_http_start(options, callbacks) else {
      throw SystemError("start the HTTP server", code: identity == nil ? errno : EKEYREJECTED)
    }
    return daemon
  }

  /// The threads that libmicrohttpd calls on.
  static func from(_ context: UnsafeMutableRawPointer) -> ConnectionThreads {
    Unmanaged<ConnectionThreads>.fromOpaque(context).takeUnretainedValue()
  }

  /// Whether others have taken their place: every answer closes its connection.
  var isRetired: Bool { retired.load(ordering: .relaxed) }

  func retire() { retired.store(true, ordering: .relaxed) }

  var connectionCount: Int {
    (daemons + [probes].compactMap(\.self)).reduce(0) { $0 + Int(octet_http_connection_count($1)) }
  }

  /// The thread for the next connection, which from now on counts as having it; that of probes has no number.
  func place() -> Int {
    counts.withLock { counts in
      let fewest = counts.indices.min { counts[$0] < counts[$1] } ?? 0
      counts[fewest] += 1
      return fewest
    }
  }

  /// A connection has ended.
  func leave(_ place: Int) { counts.withLock { $0[place] -= 1 } }

  /// Serves a connection.
  ///
  /// - Parameter place: of the thread; nil for that of probes.
  /// - Returns: false when that is not possible; the socket is closed then.
  func serve(_ socket: Int32, at place: Int?) -> Bool {
    guard let daemon = place.map({ daemons[$0] }) ?? probes else { return false }
    return MHD_add_connection(daemon, socket, nil, 0) == .YES
  }

  /// Ends the threads and every connection. Called once.
  func stop() {
    for daemon in daemons { MHD_stop_daemon(daemon) }
    if let probes { MHD_stop_daemon(probes) }
    Unmanaged.passUnretained(self).release()
  }
}
