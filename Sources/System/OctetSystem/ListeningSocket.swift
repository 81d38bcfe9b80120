import Glibc

/// A bound and listening TCP socket. Closes itself, unless it has been handed on.
package struct ListeningSocket: ~Copyable {
  private let descriptor: Int32
  /// The port that clients connect to; chosen by the system where 0 was asked for.
  package let port: UInt16

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
    self.descriptor = descriptor
    self.port = Self.boundPort(of: descriptor) ?? port
  }

  deinit { close(descriptor) }

  /// The descriptor, which from now on is the caller's to close.
  package consuming func release() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  private static func boundPort(of descriptor: Int32) -> UInt16? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard result == 0 else { return nil }
    return withUnsafeBytes(of: storage) { bytes in
      // The port stands at the same place for IPv4 and IPv6.
      UInt16(bigEndian: bytes.load(fromByteOffset: MemoryLayout<sa_family_t>.size, as: UInt16.self))
    }
  }
}
