import Glibc
import OctetSystem

/// A TCP connection to the server under test, with nothing between the test and the bytes.
package final class TestClient {
  package struct Answer: Equatable {
    package let status: Int
    package let headers: [String: String]
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  package enum Failure: Error, Equatable {
    case cannotConnect, timedOut
    /// The server closed the connection before an answer was complete.
    case closed
  }

  private let socket: Int32
  /// Lives as long as its clients.
  private let server: AnyObject?
  private var received: [UInt8] = []

  package init(port: UInt16, patienceInSeconds: Int = 10, keeping server: AnyObject? = nil) throws {
    guard let socket = SocketCalls.connect(host: "127.0.0.1", port: port, patienceInSeconds: patienceInSeconds)
    else { throw Failure.cannotConnect }
    self.socket = socket
    self.server = server
  }

  /// The same over a Unix socket.
  package init(path: String, patienceInSeconds: Int = 10) throws {
    guard let name = SocketName(path: path),
      let socket = SocketCalls.connect(to: name, patienceInSeconds: patienceInSeconds)
    else { throw Failure.cannotConnect }
    self.socket = socket
    server = nil
  }

  deinit { close(socket) }

  // MARK: - Sending

  /// Sends as much as the server takes; a server that has heard enough may close early.
  package func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  package func send(_ text: String) { send(Array(text.utf8)) }

  /// Says that nothing more will be sent; answers can still arrive.
  package func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

  package static func post(_ path: String, _ body: String, headers: [String] = []) -> String {
    let lines = ["POST \(path) HTTP/1.1", "Host: test", "Content-Length: \(body.utf8.count)"] + headers
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  // MARK: - Receiving

  /// The next answer of the connection.
  package func receive(withoutBody: Bool = false) throws -> Answer {
    let end = Array("\r\n\r\n".utf8)
    while received.firstRange(of: end) == nil { try receiveMore() }
    guard let range = received.firstRange(of: end) else { throw Failure.closed }
    let lines = String(decoding: received[..<range.lowerBound], as: UTF8.self).split(separator: "\r\n")
    received.removeSubrange(..<range.upperBound)
    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    let length = withoutBody || status == 100 ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
    while received.count < length { try receiveMore() }
    defer { received.removeSubrange(..<length) }
    return Answer(status: status, headers: headers, body: Array(received[..<length]))
  }

  /// Whether the server ends the connection without another byte.
  package func isClosed() -> Bool {
    do {
      try receiveMore()
      return false
    } catch {
      return error as? Failure == .closed
    }
  }

  private func receiveMore() throws {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = recv(socket, &piece, piece.count, 0)
    if count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { throw Failure.timedOut }
    guard count > 0 else { throw Failure.closed }
    received += piece[..<count]
  }

  // MARK: - One request

  package func get(_ path: String) throws -> Answer {
    send("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
    return try receive()
  }

  package func post(_ path: String, _ body: String, headers: [String] = []) throws -> Answer {
    send(Self.post(path, body, headers: headers))
    return try receive()
  }
}
