import Glibc
import OctetServing
import OctetSystem
import OctetTestSupport
import Testing

@testable import OctetHTTP

/// What keeps strangers and floods out.
@Suite struct GuardTests {
  private static let secret = "0123456789abcdef"

  private func options(_ configure: (inout HTTPServerOptions) -> Void) -> HTTPServerOptions {
    var options = HTTPServerOptions()
    configure(&options)
    return options
  }

  // MARK: Fields that could be taken for others

  @Test(arguments: ["Transfer-Encoding : chunked", "X-Other\t: 1", "X: a\rTransfer-Encoding: chunked"])
  func malformedFieldsAreRefused(_ field: String) throws {
    let server = try TestServer()
    let answer = try server.connect().post("/infer", TestServer.doubling, headers: [field])
    #expect(answer.status == 400 && answer.text.contains("a header field has"), "\(answer.text)")
    #expect(try server.connect().get("/health/live").status == 200)
  }

  // MARK: The token

  @Test func withoutTheTokenOnlyHealthAnswers() throws {
    let server = try TestServer(options: options { $0.token = BearerToken(Array(Self.secret.utf8)) })
    #expect(try server.connect().get("/health/live").status == 200)
    #expect(try server.connect().get("/v2/health/ready").status == 200)
    for path in ["/", "/v2", "/metrics", "/healthy", "/v2/models/doubling"] {
      let answer = try server.connect().get(path)
      #expect(answer.status == 401, "\(path)")
      #expect(answer.headers["www-authenticate"] == "Bearer")
    }
    #expect(try server.connect().post("/infer", TestServer.doubling).status == 401)
    let right = ["Authorization: Bearer \(Self.secret)"]
    #expect(try server.connect().post("/infer", TestServer.doubling, headers: right).status == 200)
  }

  @Test(arguments: [
    "Bearer 0123456789abcdeF", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Bearer", "Bearer ", "",
    "Basic 0123456789abcdef", "0123456789abcdef", "Bearer 0123456789abcdef\r\nAuthorization: Bearer 0123456789abcdef",
  ])
  func everyOtherTokenIsRefused(_ value: String) throws {
    let server = try TestServer(options: options { $0.token = BearerToken(Array(Self.secret.utf8)) })
    let answer = try server.connect().post(
      "/infer", TestServer.doubling, headers: ["Authorization: \(value)"])
    #expect(answer.status == 401)
  }

  @Test func anotherTokenHoldsForConnectionsThatAreOpen() throws {
    let server = try TestServer(options: options { $0.token = BearerToken(Array(Self.secret.utf8)) })
    let client = try server.connect()
    let old = ["Authorization: Bearer \(Self.secret)"]
    #expect(try client.post("/infer", TestServer.doubling, headers: old).status == 200)
    let token = BearerToken(Array("fedcba9876543210".utf8))
    try server.server.adopt(server.server.prepareSecurity(token: token, identity: nil))
    let new = ["Authorization: Bearer fedcba9876543210"]
    #expect(try client.post("/infer", TestServer.doubling, headers: new).status == 200)
    #expect(try server.connect().post("/infer", TestServer.doubling, headers: old).status == 401)
  }

  @Test func aTokenIsWhatStandsInTheFileWithoutTheSpaceAroundIt() {
    let token = BearerToken(Array(" \(Self.secret)\n".utf8))
    let head = RequestHead(method: "GET", path: "/", headers: [("authorization", "bearer  \(Self.secret)")])
    #expect(token?.isKnown(to: head) == true)
    for wrong in ["", "short", "0123456789 abcdef", "0123456789abcdé"] {
      #expect(BearerToken(Array(wrong.utf8)) == nil)
    }
  }

  // MARK: Connections

  @Test func beyondTheLimitOnlyHealthAndMetricsAnswer() throws {
    let server = try TestServer(options: options { $0.connections.total = 3 })
    let served = try (0..<3).map { _ in try server.connect() }
    for client in served { #expect(try client.get("/v2").status == 200) }
    let surplus = try server.connect()
    #expect(try surplus.get("/health/live").status == 200)
    #expect(try surplus.get("/metrics").status == 200)
    let refusal = try surplus.post("/infer", TestServer.doubling)
    #expect(refusal.status == 503)
    #expect(refusal.headers["retry-after"] == "1")
    #expect(surplus.isClosed())
    #expect(try served[0].post("/infer", TestServer.doubling).status == 200)
  }

  @Test func whoeverComesWhenAllIsTakenIsToldSo() throws {
    let server = try TestServer(options: options { $0.connections.total = 1 })
    let taken = try (0..<1 + ConnectionLimits.surplus).map { _ in try server.connect() }
    #expect(try taken[0].get("/v2").status == 200)
    let refused = try server.connect()
    #expect(try refused.receive().status == 503)
    #expect(refused.isClosed())
  }

  @Test func oneAddressCannotTakeAllConnections() throws {
    let server = try TestServer(options: options { $0.connections.perAddress = 2 })
    var clients = try (0..<2).map { _ in try server.connect() }
    for client in clients { #expect(try client.get("/v2").status == 200) }
    #expect(try server.connect().receive().status == 503)
    clients.removeLast()
    // The server hears of the end of a connection a moment later.
    var status = 503
    for _ in 0..<200 where status == 503 {
      usleep(10_000)
      let client = try server.connect()
      client.send("GET /v2 HTTP/1.1\r\nHost: test\r\n\r\n")
      status = try client.receive().status
    }
    #expect(status == 200)
  }

  // MARK: Memory

  @Test func allBodiesTogetherAreBounded() throws {
    let server = try TestServer(options: options { $0.totalBodyByteCount = 50_000 })
    let holder = try server.connect()
    holder.send("POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 60000\r\n\r\n")
    holder.send([UInt8](repeating: 0x20, count: 40_000))
    // Were another body on its way, it might be the holder's that is too much.
    let end = Instant.now + .seconds(60)
    while server.server.heldByteCount < 40_000 && .now < end { usleep(1000) }
    let body = TestServer.doubling + String(repeating: " ", count: 20_000)
    #expect(try server.connect().post("/infer", body).status == 503)
    #expect(try server.connect().post("/infer", TestServer.doubling).status == 200)
  }

  @Test func theMemoryOfBodiesIsGivenBack() throws {
    let server = try TestServer(options: options { $0.totalBodyByteCount = 50_000 })
    let client = try server.connect()
    let body = TestServer.doubling + String(repeating: " ", count: 20_000)
    for _ in 0..<10 { #expect(try client.post("/infer", body).status == 200) }
  }
}
