import Dispatch
import Glibc
import OctetServing
import Synchronization

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

  private let connections = Mutex<[Connection]>([])
  private let queue = DispatchQueue(label: "octet.lingering")

  /// Keeps a connection whose descriptor is about to be closed.
  func keep(_ socket: Int32) {
    connections.withLock { connections in
      guard connections.count < Self.maximum else { return }
      let copy = dup(socket)
      guard copy >= 0 else { return }
      shutdown(copy, Int32(SHUT_WR))
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
        guard connection.end <= now || Self.isOver(connection.socket) else { return false }
        close(connection.socket)
        return true
      }
      if !connections.isEmpty { scheduleRead() }
    }
  }

  /// Drops what has arrived, up to a bound that leaves the others their turn.
  private static func isOver(_ socket: Int32) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { scratch in
      for _ in 0..<64 {
        let count = recv(socket, scratch.baseAddress, scratch.count, Int32(MSG_DONTWAIT))
        if count == 0 { return true }
        if count < 0 { return errno != EAGAIN && errno != EINTR }
      }
      return false
    }
  }
}
