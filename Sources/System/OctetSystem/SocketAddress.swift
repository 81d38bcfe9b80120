import Glibc

/// The first address that a host name and a port stand for.
struct SocketAddress: ~Copyable {
  private let list: UnsafeMutablePointer<addrinfo>

  init?(host: String, port: UInt16, isPassive: Bool = false) {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV | (isPassive ? AI_PASSIVE : 0)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else { return nil }
    list = found
  }

  deinit { freeaddrinfo(list) }

  var address: UnsafeMutablePointer<sockaddr> { list.pointee.ai_addr }
  var length: socklen_t { list.pointee.ai_addrlen }

  /// A new socket of the address's family, or -1.
  func makeSocket(flags: Int32 = 0) -> Int32 {
    socket(list.pointee.ai_family, list.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | flags, 0)
  }
}
