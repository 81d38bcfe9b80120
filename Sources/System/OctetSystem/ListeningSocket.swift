import Glibc

/// A bound and listening socket. Closes itself, unless it has been handed on.
package struct ListeningSocket: ~Copyable {
  private let descriptor: Int32
  /// Where clients connect to; a port that the system chose where 0 was asked for.
  package let name: SocketName?

  package var port: UInt16 { name?.port ?? 0 }

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    name = SocketName(of: descriptor)
  }

  /// Listens on a port.
  ///
  /// - Throws: what the system says, `EADDRINUSE` when another process listens there.
  package init(host: String, port: UInt16) throws(SystemError) {
    let place = "listen on \(host) port \(port)"
    guard let address = SocketAddress(host: host, port: port, isPassive: true) else {
      throw SystemError(place, code: EADDRNOTAVAIL)
    }
    let descriptor = address.makeSocket(flags: Int32(SOCK_NONBLOCK.rawValue))
    guard descriptor >= 0 else { throw SystemError(place) }
    var yes: Int32 = 1
    // Without it a restart fails while connections of the last process linger.
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, address.address, address.length) == 0, listen(descriptor, SOMAXCONN) == 0 else {
      let error = SystemError(place)
      close(descriptor)
      throw error
    }
    self.init(descriptor)
  }

  /// Listens on a Unix socket. One that a process which has ended has left at the path is removed.
  ///
  /// - Throws: what the system says, `EADDRINUSE` when another process listens there.
  package init(path: String) throws(SystemError) {
    let place = "listen on \(path)"
    guard let name = SocketName(path: path) else { throw SystemError(place, code: ENAMETOOLONG) }
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { throw SystemError(place) }
    Self.removeAbandoned(name, path)
    guard name.withAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, SOMAXCONN) == 0 else {
      let error = SystemError(place)
      close(descriptor)
      throw error
    }
    self.init(descriptor)
  }

  /// The socket that systemd listens on for this process, if it does: sd_listen_fds(3).
  package static func inherited(
    environment: (String) -> String? = environmentVariable, processIdentifier: Int32 = getpid(), first: Int32 = 3
  ) throws(SystemError) -> ListeningSocket? {
    guard environment("LISTEN_PID") == String(processIdentifier), let text = environment("LISTEN_FDS"),
      let count = Int(text), count > 0
    else { return nil }
    guard count == 1 else {
      throw SystemError("serve on the \(count) sockets from systemd, one is expected", code: EINVAL)
    }
    var isListening: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(first, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0 else {
      throw SystemError("serve on the socket from systemd")
    }
    guard isListening != 0 else { throw SystemError("serve on the socket from systemd", code: EINVAL) }
    _ = fcntl(first, F_SETFL, O_NONBLOCK)
    _ = fcntl(first, F_SETFD, FD_CLOEXEC)
    return ListeningSocket(first)
  }

  deinit { close(descriptor) }

  /// The descriptor, which from now on is the caller's to close.
  package consuming func release() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  /// A socket that nobody listens on refuses connections, but keeps its path from being bound again.
  private static func removeAbandoned(_ name: SocketName, _ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { return }
    defer { close(probe) }
    if name.withAddress({ connect(probe, $0, $1) }) != 0 && errno == ECONNREFUSED { unlink(path) }
  }
}
