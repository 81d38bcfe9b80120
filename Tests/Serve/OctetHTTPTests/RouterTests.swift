import Testing

@testable import OctetHTTP

@Suite struct RouterTests {
  private let router = Router.standard

  @Test func takesModelAndVersionFromThePath() throws {
    let match = try router.match(method: "POST", path: "/v2/models/my-model_1.5/versions/12/infer")
    #expect(match.parameters.model == "my-model_1.5")
    #expect(match.parameters.version == 12)
  }

  @Test func takesEscapedNames() throws {
    #expect(try router.match(method: "GET", path: "/v2/models/%64igits").parameters.model == "digits")
  }

  @Test(arguments: ["/v2", "/v2/", "/", "/metrics", "/health/live", "/v2/health/ready"])
  func answersGETAndHEAD(_ path: String) {
    #expect(throws: Never.self) { try router.match(method: "GET", path: path) }
    #expect(throws: Never.self) { try router.match(method: "HEAD", path: path) }
  }

  static let refused: [(method: String, path: String, status: Int, allow: String?)] = [
    ("GET", "/nothing", 404, nil),
    ("GET", "/v2/models", 404, nil),
    ("GET", "/v2/models/a/b", 404, nil),
    ("POST", "/v2/models/a%2Fb/infer", 404, nil),
    ("POST", "/v2/models/../infer", 404, nil),
    ("GET", "/v2/models/%2e%2e%2fetc", 404, nil),
    ("GET", "/v2/models/a%20b", 404, nil),
    ("GET", "/v2/models/é", 404, nil),
    ("GET", "/v2/models/" + String(repeating: "a", count: 129), 404, nil),
    ("GET", "/v2/models/a/versions/x", 404, nil),
    ("GET", "/v2/models/a/versions/0", 404, nil),
    ("GET", "/v2/models/a/versions/99999999999999999999", 404, nil),
    ("GET", "/v2/models/a%00", 400, nil),
    ("GET", "/v2/models/%ff", 400, nil),
    ("GET", "/v2/models/%4", 400, nil),
    ("GET", "/v2/models/%zz", 400, nil),
    ("GET", "/v2/systemsharedmemory/region/%C2%84/status", 404, nil),
    ("GET", "/v1/models/a/labels/b:predict", 405, "POST"),
    ("GET", "/infer", 405, "POST"),
    ("DELETE", "/v2/models/a", 405, "GET, HEAD"),
    ("POST", "/metrics", 405, "GET, HEAD"),
    ("get", "/metrics", 405, "GET, HEAD"),
  ]

  @Test(arguments: refused)
  func refuses(_ method: String, _ path: String, _ status: Int, _ allow: String?) throws {
    let error = try #require(throws: HTTPError.self) { try router.match(method: method, path: path) }
    #expect(error.status == status)
    #expect(error.allow == allow)
  }
}
