import Glibc

/// Where a connection comes from, without its port. Connections over Unix sockets come from nowhere.
package struct PeerAddress: Hashable, Sendable {
  /// An IPv6 address, or an IPv4 address mapped into it as ::ffff:a.b.c.d.
  private let high: UInt64
  private let low: UInt64

  init?(_ storage: sockaddr_storage) {
    let bytes = withUnsafeBytes(of: storage) { bytes -> (UInt64, UInt64)? in
      switch Int32(storage.ss_family) {
      case AF_INET:
        // sockaddr_in: family and port of two bytes each, then the address.
        (0, 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))))
      case AF_INET6:
        // sockaddr_in6: family, port, four bytes of flow information, then the address.
        (
          UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
          UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        )
      default: nil
      }
    }
    guard let bytes else { return nil }
    (high, low) = bytes
  }
}
