import Glibc

/// What a socket is bound to: an address and a port, or a path.
package struct SocketName: @unchecked Sendable {
  private let storage: sockaddr_storage
  private let length: socklen_t

  /// The name of a socket that is open.
  init?(of descriptor: Int32) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard result == 0 else { return nil }
    self.storage = storage
    self.length = length
  }

  /// A Unix socket, or nil for a path that is too long for one.
  package init?(path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // With the zero byte behind it.
    let bytes = Array(path.utf8) + [0]
    guard bytes.count > 1, bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { target in
      withUnsafeBytes(of: address) { target.copyMemory(from: $0) }
    }
    self.storage = storage
    length = socklen_t(MemoryLayout<sockaddr_un>.size)
  }

  var family: Int32 { Int32(storage.ss_family) }

  /// 0 for a Unix socket.
  package var port: UInt16 {
    guard family == AF_INET || family == AF_INET6 else { return 0 }
    return withUnsafeBytes(of: storage) { bytes in
      // The port stands at the same place for IPv4 and IPv6.
      UInt16(bigEndian: bytes.load(fromByteOffset: MemoryLayout<sa_family_t>.size, as: UInt16.self))
    }
  }

  func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
