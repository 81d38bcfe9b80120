import Glibc
import Testing

@testable import OctetSystem

/// The socket that systemd would listen on.
private struct NotifySocket: ~Copyable {
  let name: String
  private let descriptor: Int32

  init(name: String) throws {
    self.name = name
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(name.utf8)
    if path.first == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(result == 0)
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    close(descriptor)
    unlink(name)
  }

  func receive() -> String {
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

@Suite struct ServiceNotifierTests {
  private func notifier(_ environment: [String: String]) -> ServiceNotifier {
    ServiceNotifier(environment: { environment[$0] }, processIdentifier: 7)
  }

  @Test(arguments: ["/tmp/octet-notify-\(getpid())", "@octet-notify-\(getpid())"])
  func sendsOneDatagram(_ name: String) throws {
    let socket = try NotifySocket(name: name)
    notifier(["NOTIFY_SOCKET": name]).send(.ready, .status("serving\n2 models"), .watchdog)
    #expect(socket.receive() == "READY=1\nSTATUS=serving 2 models\nWATCHDOG=1")
  }

  @Test func aReloadCarriesItsTime() throws {
    let name = "@octet-reload-\(getpid())"
    let socket = try NotifySocket(name: name)
    notifier(["NOTIFY_SOCKET": name]).send(.reloading, .extendTimeout(.seconds(2)))
    let lines = socket.receive().split(separator: "\n")
    #expect(lines.first == "RELOADING=1")
    #expect(lines.last == "EXTEND_TIMEOUT_USEC=2000000")
    #expect(lines.dropFirst().first?.hasPrefix("MONOTONIC_USEC=") == true)
  }

  @Test(arguments: ["/nowhere/at/all", "", String(repeating: "a", count: 200)])
  func sayingSomethingToNobodyDoesNoHarm(_ name: String) {
    notifier(["NOTIFY_SOCKET": name]).send(.ready)
    notifier([:]).send(.ready)
  }

  @Test func knowsHowOftenTheWatchdogWaits() {
    #expect(notifier(["WATCHDOG_USEC": "30000000"]).watchdogInterval == .seconds(30))
    #expect(notifier(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]).watchdogInterval == .seconds(30))
    #expect(notifier(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]).watchdogInterval == nil)
    #expect(notifier(["WATCHDOG_USEC": "x"]).watchdogInterval == nil)
    #expect(notifier([:]).watchdogInterval == nil)
  }
}
