import Glibc
import OctetTestSupport
import Testing

@testable import OctetHTTP

/// What clients do with connections, by the byte.
@Suite struct ConnectionTests {
  private let server: TestServer

  init() throws {
    var options = HTTPServerOptions()
    options.bodyByteCount = 100_000
    options.times.head = .seconds(1)
    options.times.body = .seconds(1)
    server = try TestServer(options: options)
  }

  /// Whatever happened before, others are served.
  private func expectUnharmed() throws {
    #expect(try server.connect().post("/infer", TestServer.doubling).status == 200)
  }

  @Test func keepsAConnectionForGETAndPOST() throws {
    let client = try server.connect()
    for _ in 0..<3 {
      #expect(try client.get("/v2").status == 200)
      let answer = try client.post("/infer", TestServer.doubling)
      #expect(answer.status == 200)
      #expect(answer.headers["connection"]?.lowercased() != "close")
    }
  }

  @Test func answersRequestsThatComeTogetherInTheirOrder() throws {
    let client = try server.connect()
    let second = TestServer.doubling.replacing("[1,2]}]", with: "[5,6]}]")
    client.send(TestClient.post("/infer", TestServer.doubling) + TestClient.post("/infer", second))
    #expect(try client.receive().text.contains("[2,4]"))
    #expect(try client.receive().text.contains("[10,12]"))
  }

  @Test func answersHEADWithoutABody() throws {
    let client = try server.connect()
    client.send("HEAD /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try client.receive(withoutBody: true).status == 200)
    #expect(try client.get("/health/live").status == 200)
  }

  @Test func tellsAClientThatAsksFirstToGoOn() throws {
    let client = try server.connect()
    client.send(
      "POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: \(TestServer.doubling.utf8.count)\r\n"
        + "Expect: 100-continue\r\n\r\n")
    #expect(try client.receive().status == 100)
    client.send(TestServer.doubling)
    #expect(try client.receive().status == 200)
  }

  @Test(arguments: [("/infer", 100_001, 413), ("/nothing", 10, 404), ("/metrics", 10, 405)])
  func tellsAClientThatAsksFirstNotTo(_ path: String, _ length: Int, _ status: Int) throws {
    let client = try server.connect()
    client.send("POST \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: \(length)\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.receive().status == status)
  }

  @Test func refusesALargeBodyBeforeItIsSent() throws {
    let client = try server.connect()
    client.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 100001\r\n\r\n")
    let answer = try client.receive()
    #expect(answer.status == 413)
    #expect(answer.headers["connection"]?.lowercased() == "close")
    #expect(client.isClosed())
    try expectUnharmed()
  }

  @Test func aClientThatSendsALargeBodyAllTheSameReadsTheRefusal() throws {
    let client = try server.connect()
    client.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 20000000\r\n\r\n")
    client.send([UInt8](repeating: 0x20, count: 20_000_000))
    #expect(try client.receive().status == 413)
    try expectUnharmed()
  }

  @Test func takesABodyAsLargeAsIsAllowed() throws {
    let padding = String(repeating: " ", count: 100_000 - TestServer.doubling.utf8.count)
    #expect(try server.connect().post("/infer", TestServer.doubling + padding).status == 200)
  }

  @Test func takesChunkedBodies() throws {
    let client = try server.connect()
    client.send("POST /infer HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    for character in TestServer.doubling { client.send("1\r\n\(character)\r\n") }
    client.send("0\r\n\r\n")
    #expect(try client.receive().status == 200)
  }

  @Test func refusesAChunkedBodyThatGrowsTooLarge() throws {
    let client = try server.connect()
    client.send("POST /infer HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<11 { client.send("2710\r\n" + String(repeating: "a", count: 10_000) + "\r\n") }
    #expect(try client.receive().status == 413)
    try expectUnharmed()
  }

  static let smuggled = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: gzip", "Transfer-Encoding: identity, chunked", "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  ]

  @Test(arguments: smuggled)
  func refusesWhatCouldHideAnotherRequest(_ headers: String) throws {
    let client = try server.connect()
    client.send(
      "POST /infer HTTP/1.1\r\nHost: test\r\n\(headers)\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try client.receive().status == 400)
    #expect(client.isClosed(), "what follows must not be taken for a request")
    try expectUnharmed()
  }

  @Test func asksForALength() throws {
    let client = try server.connect()
    client.send("POST /infer HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try client.receive().status == 411)
  }

  @Test func takesWholeAddresses() throws {
    let client = try server.connect()
    for address in ["http://octet:8080/v2/models/doubling", "HTTPS://octet/v2?a=b", "http://octet"] {
      client.send("GET \(address) HTTP/1.1\r\nHost: octet\r\n\r\n")
      #expect(try client.receive().status == 200)
    }
    client.send("GET ftp://octet/v2 HTTP/1.1\r\nHost: octet\r\n\r\n")
    #expect(try client.receive().status == 404)
  }

  @Test func refusesASecondHost() throws {
    let client = try server.connect()
    client.send("GET /v2 HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n")
    #expect(try client.receive().status == 400)
  }

  /// With the usual limits, which are longer than this client waits.
  @Test func letsClientsGoWhoseLastBytesAreTheEnd() throws {
    let server = try TestServer()
    let unfinished = try server.connect()
    unfinished.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{")
    unfinished.finishSending()
    let finished = try server.connect()
    finished.send(TestClient.post("/infer", TestServer.doubling))
    finished.finishSending()
    #expect(try finished.receive().status == 200)
    #expect(finished.isClosed())
    #expect(unfinished.isClosed())
  }

  @Test func answersAClientThatHasFinishedSending() throws {
    let client = try server.connect()
    client.send(TestClient.post("/infer", TestServer.doubling))
    client.finishSending()
    #expect(try client.receive().status == 200)
  }

  @Test func cutsOffABodyThatComesTooSlowly() throws {
    let client = try server.connect()
    client.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n")
    for _ in 0..<15 {
      client.send("{")
      usleep(100_000)
    }
    #expect(try client.receive().status == 408)
    try expectUnharmed()
  }

  @Test func cutsOffAHeadThatComesTooSlowly() throws {
    let client = try server.connect()
    client.send("GET /v2 HTTP/1.1\r\nHost: te")
    for _ in 0..<15 {
      client.send("s")
      usleep(100_000)
    }
    #expect(try client.receive().status == 408)
    try expectUnharmed()
  }

  @Test func manySlowSendersDisturbNobody() throws {
    let slow = try (0..<100).map { _ in try server.connect() }
    for client in slow { client.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{") }
    try expectUnharmed()
  }

  @Test func aClientThatVanishesInTheMiddleDisturbsNobody() throws {
    for _ in 0..<20 {
      let client = try server.connect()
      client.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{\"inputs\":[")
    }
    try expectUnharmed()
  }

  @Test(arguments: [
    "\u{16}\u{3}\u{1}", "GET", "GET / HTTP/1.1\r\n\r\n\r\n", "\r\n\r\n", "A B C D E\r\n\r\n",
    "GET /\0 HTTP/1.1\r\n\r\n",
  ])
  func whatIsNoRequestDisturbsNobody(_ text: String) throws {
    let client = try server.connect(patienceInSeconds: 2)
    client.send(text)
    _ = try? client.receive()
    try expectUnharmed()
  }

  @Test func aVeryLongHeadIsRefused() throws {
    let client = try server.connect()
    client.send("GET /v2 HTTP/1.1\r\nHost: test\r\nX: " + String(repeating: "a", count: 300_000) + "\r\n\r\n")
    let answer = try? client.receive()
    #expect(answer.map { 400..<500 ~= $0.status } ?? true)
    try expectUnharmed()
  }
}
