import Dispatch
import Glibc
import OctetServing
import OctetSystem

/// Connections that are over for libmicrohttpd, though the client may still be sending.
///
/// Closing a socket with unread bytes resets the connection, and a client that sees the reset before the refusal cannot
/// tell what was wrong. What it sends is read and dropped, for a while.
final class LingeringConnections: Sendable {
  private struct Connection {
    let socket: Int32
    let end: Instant
  }

  /// More than this are closed at once.
  private static let maximum = 128
  private static let patience = Duration.seconds(2)

  private let connections = Lock<[Connection]>([])
  private let queue = DispatchQueue(label: "octet.lingering")

  /// Keeps a connection whose descriptor is about to be closed.
  func keep(_ socket: Int32) {
    connections.withLock { connections in
      guard connections.count < Self.maximum else { return }
      let copy = dup(socket)
      guard copy >= 0 else { return }
      SocketCalls.stopSending(copy)
      connections.append(Connection(socket: copy, end: .now + Self.patience))
      if connections.count == 1 { scheduleRead() }
    }
  }

  private func scheduleRead() {
    queue.asyncAfter(deadline: .now() + .milliseconds(5)) { self.read() }
  }

  private func read() {
    connections.withLock { connections in
      let now = Instant.now
      connections.removeAll { connection in
        guard connection.end <= now || SocketCalls.discardArrived(from: connection.socket) else { return false }
        close(connection.socket)
        return true
      }
      if !connections.isEmpty { scheduleRead() }
    }
  }
}
