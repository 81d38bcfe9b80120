import Dispatch
import Glibc
import Logging
import OctetSystem

/// Takes connections from a listening socket, one after the other, until it is stopped.
///
/// libmicrohttpd could do that itself, but then connections beyond its limit hang instead of being refused, and its
/// threads share them unevenly. Sendable because only `queue` uses the source.
final class ConnectionAcceptor: @unchecked Sendable {
  /// How long nothing is taken when the process has no descriptors left.
  private static let pause = DispatchTimeInterval.milliseconds(100)

  private let queue = DispatchQueue(label: "octet.accept")
  private let source: any DispatchSourceRead
  private let listening: Int32
  private let take: @Sendable (Int32, PeerAddress?) -> Void
  private let logger = Logger(label: "octet.http")
  private let closed = DispatchSemaphore(value: 0)

  /// - Parameter take: is given each connection's socket, which does not block, and its address.
  init(_ socket: consuming ListeningSocket, take: @escaping @Sendable (Int32, PeerAddress?) -> Void) {
    listening = socket.release()
    self.take = take
    source = DispatchSource.makeReadSource(fileDescriptor: listening, queue: queue)
    source.setEventHandler { [unowned self] in
      if let error = takeAll() { pause(error) }
    }
    source.setCancelHandler { [self] in
      // Whoever is connected already is served.
      _ = takeAll()
      // Only closed, not shut down: another process may listen on it, too.
      close(listening)
      closed.signal()
    }
    source.activate()
  }

  /// Takes every connection that waits.
  ///
  /// - Returns: why no more can be taken, though there may be some.
  private func takeAll() -> SystemError? {
    while true {
      switch SocketCalls.accept(listening) {
      case .connection(let socket, let address): take(socket, address)
      case .nothing: return nil
      case .exhausted(let error): return error
      }
    }
  }

  /// Takes no more connections; those that come from now on are refused.
  func stop() {
    source.cancel()
    closed.wait()
    // For whoever calls once more.
    closed.signal()
  }

  private func pause(_ error: SystemError) {
    logger.warning("connections have to wait: \(error)")
    source.suspend()
    queue.asyncAfter(deadline: .now() + Self.pause) { self.source.resume() }
  }
}
