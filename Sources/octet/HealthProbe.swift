import Glibc
import OctetSystem

/// Asks this server, over its own socket, whether it is alive: the watchdog believes nothing less.
struct HealthProbe: Sendable {
  let port: UInt16
  let host: String

  /// Whether `GET /health/live` is answered with 200 within two seconds.
  func answers() -> Bool {
    guard let socket = SocketCalls.connect(host: probedHost, port: port, patienceInSeconds: 2) else { return false }
    defer { close(socket) }
    SocketCalls.send(
      Array("GET /health/live HTTP/1.1\r\nHost: \(probedHost)\r\nConnection: close\r\n\r\n".utf8), to: socket)
    var answer = [UInt8](repeating: 0, count: 64)
    let count = recv(socket, &answer, answer.count, 0)
    return count > 0 && answer.prefix(count).starts(with: Array("HTTP/1.1 200".utf8))
  }

  /// A server that listens everywhere listens on the loopback too.
  private var probedHost: String {
    switch host {
    case "0.0.0.0", "*", "": "127.0.0.1"
    case "::": "::1"
    default: host
    }
  }
}
