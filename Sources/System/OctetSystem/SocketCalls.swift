import Glibc

/// Calls on a connected socket; but for `connect` they never wait. Whoever makes them knows that it is still open.
package enum SocketCalls {
  /// A new connection on which nothing takes longer than `patienceInSeconds`, or nil. The caller closes it.
  package static func connect(host: String, port: UInt16, patienceInSeconds: Int) -> Int32? {
    guard let address = SocketAddress(host: host, port: port) else { return nil }
    return connect(address.makeSocket(), address.address, address.length, patienceInSeconds)
  }

  /// The same, to wherever a socket listens.
  package static func connect(to name: SocketName, patienceInSeconds: Int) -> Int32? {
    let connecting = socket(name.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    return name.withAddress { connect(connecting, $0, $1, patienceInSeconds) }
  }

  private static func connect(
    _ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ patienceInSeconds: Int
  ) -> Int32? {
    guard socket >= 0 else { return nil }
    var patience = timeval(tv_sec: patienceInSeconds, tv_usec: 0)
    // Linux bounds connect(2) by the time for sending.
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(socket, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    guard Glibc.connect(socket, address, length) == 0 else {
      close(socket)
      return nil
    }
    return socket
  }

  package enum Acceptance {
    case connection(Int32, PeerAddress?)
    /// Nobody waits to be accepted.
    case nothing
    /// The process or the system has no more descriptors or memory; trying again at once is of no use.
    case exhausted(SystemError)
  }

  /// The next connection of a listening socket that does not block; neither does the new one.
  package static func accept(_ listening: Int32) -> Acceptance {
    while true {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let socket = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(listening, $0, &length) }
      }
      guard socket < 0 else {
        prepare(socket)
        return .connection(socket, PeerAddress(storage))
      }
      switch errno {
      case EAGAIN: return .nothing
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(SystemError("accept a connection"))
      // A client that has gone already, an interruption: the next one.
      case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: continue
      default: return .nothing
      }
    }
  }

  /// No waiting, no inheriting, no gathering of small packets.
  private static func prepare(_ socket: Int32) {
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Sends as much as fits into the socket's buffer.
  package static func send(_ bytes: [UInt8], to socket: Int32) {
    _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
  }

  /// Whether the other side has closed the connection, or its own half of it.
  package static func hasHungUp(_ socket: Int32) -> Bool {
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || (count < 0 && !isTransient(errno))
  }

  /// The first bytes that have arrived, which stay to be read; none when the connection has ended, nil when nothing is there.
  package static func peek(_ socket: Int32, upTo limit: Int) -> [UInt8]? {
    var isWaiting = false
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { bytes, count in
      let arrived = recv(socket, bytes.baseAddress, bytes.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
      isWaiting = arrived < 0 && isTransient(errno)
      count = max(0, arrived)
    }
    return isWaiting ? nil : bytes
  }

  /// Drops what has arrived, up to a bound that leaves other connections their turn.
  ///
  /// - Returns: whether nothing more can come.
  package static func discardArrived(from socket: Int32) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { scratch in
      for _ in 0..<64 {
        let count = recv(socket, scratch.baseAddress, scratch.count, Int32(MSG_DONTWAIT))
        if count == 0 { return true }
        if count < 0 { return !isTransient(errno) }
      }
      return false
    }
  }

  package static func stopSending(_ socket: Int32) { shutdown(socket, Int32(SHUT_WR)) }
  package static func stopReceiving(_ socket: Int32) { shutdown(socket, Int32(SHUT_RD)) }
  package static func stop(_ socket: Int32) { shutdown(socket, Int32(SHUT_RDWR)) }

  private static func isTransient(_ code: Int32) -> Bool { code == EAGAIN || code == EINTR }
}
