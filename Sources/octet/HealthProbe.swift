import Glibc
import OctetSystem

/// Asks this server, over its own socket, whether it is alive: the watchdog believes nothing less.
struct HealthProbe: Sendable {
  let name: SocketName
  /// The server speaks TLS, and the probe does not: being told so is an answer as well.
  let isEncrypted: Bool

  /// Whether `GET /health/live` is answered with 200 within two seconds.
  func answers() -> Bool {
    guard let socket = SocketCalls.connect(to: name, patienceInSeconds: 2) else { return false }
    defer { close(socket) }
    SocketCalls.send(
      Array("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8), to: socket)
    var answer = [UInt8](repeating: 0, count: 64)
    let count = recv(socket, &answer, answer.count, 0)
    if isEncrypted { return count >= 0 || errno == ECONNRESET }
    return count > 0 && answer.prefix(count).starts(with: Array("HTTP/1.1 200".utf8))
  }
}
