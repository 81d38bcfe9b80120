import Glibc
import OctetTestSupport
import Testing

/// Model files and requests that are wrong, for the built executable.
@Suite struct AcceptanceRefusalTests {
  /// Files that stand in the folder as they are meant.
  private static var hostile: [HostileModel] {
    get throws { try HostileModel.all.filter { $0.repeat == nil } }
  }

  @Test(arguments: try hostile)
  func aHostileModelEndsTheCommandWithOneSentence(_ model: HostileModel) throws {
    let octet = try OctetProcess(["explain", model.path])
    #expect(try octet.wait() == 65)
    #expect(octet.said.hasPrefix("octet: \(model.path)"))
    #expect(octet.said.filter { $0 == "\n" }.count == 1, "one line: \(octet.said)")
    for name in model.names { #expect(octet.said.contains(name), "\(octet.said)") }
  }

  @Test func hostileModelsAreReportedWhileOthersServe() throws {
    let models = try Self.hostile
    let octet = try OctetProcess(
      ["serve", "--port", "0", "--model", "embedded:digits"] + models.map { "\($0.name)=\($0.path)" })
    let client = try TestClient(port: octet.port(), keeping: octet)
    #expect(try client.get("/health/live").status == 200)
    let ready = try client.get("/health/ready")
    #expect(ready.status == 503)
    for model in models { #expect(ready.text.contains("model '\(model.name)' is not ready: \(model.path)")) }

    let images = try DigitImages()
    #expect(try client.post("/v2/models/\(models[0].name)/infer", images.request(0..<1)).status == 503)
    #expect(try client.post("/infer", images.request(0..<1)).status == 200)
    let exposition = try Exposition(client.get("/metrics").text)
    #expect(exposition.values(of: "octet_model_ready").reduce(0, +) == 1)
    #expect(exposition.values(of: "octet_model_ready").count == models.count + 1)
  }

  private static let wrong: [(path: String, body: String, status: Int, says: String)] = [
    ("/infer", "{", 400, "ended early"),
    ("/infer", #"{"inputs":[]}"#, 400, "'image' is missing"),
    ("/infer", Self.request(name: "picture"), 400, "no input 'picture'"),
    ("/infer", Self.request(shape: "[1,1,4,16]"), 400, "'image' takes shape [-1, 1, 8, 8], not [1, 1, 4, 16]"),
    ("/infer", Self.request(shape: "[1,1,8,9]"), 400, "64 elements, but the shape has 72"),
    ("/infer", Self.request(shape: "[4294967296,4294967296,8,8]"), 400, "cannot be"),
    ("/infer", Self.request(datatype: "INT8"), 400, "'image' takes FP32, not INT8"),
    ("/infer", Self.request(first: "1e400"), 400, "found '1e400'"),
    ("/infer", Self.request(first: #""ink""#), 400, "element 0: expected a number"),
    ("/infer", String(repeating: "[", count: 100_000), 400, "not a JSON object"),
    ("/v2/models/letters/infer", Self.request(), 404, "no model 'letters'"),
    ("/v2/models/digits/versions/2/infer", Self.request(), 404, "no version 2"),
    ("/metrics", "{}", 405, "no method 'POST'"),
  ]

  private static func request(
    name: String = "image", shape: String = "[1,1,8,8]", datatype: String = "FP32", first: String = "0"
  ) -> String {
    let data = ([first] + Array(repeating: "0", count: 63)).joined(separator: ",")
    return #"{"inputs":[{"name":"\#(name)","shape":\#(shape),"datatype":"\#(datatype)","data":[\#(data)]}]}"#
  }

  @Test func wrongRequestsAreRefusedAndHarmNothing() throws {
    let octet = try OctetProcess(["serve", "--port", "0"])
    let client = try TestClient(port: octet.port(), keeping: octet)
    for wrong in Self.wrong {
      let answer = try client.post(wrong.path, wrong.body)
      #expect(answer.status == wrong.status, "\(wrong.body.prefix(100)): \(answer.text)")
      #expect(answer.text.hasPrefix(#"{"error":"#) && answer.text.contains(wrong.says), "\(answer.text)")
      // The same connection goes on.
      #expect(try client.post("/infer", Self.request()).status == 200)
    }
  }

  /// The first layer quantizes, so what lies outside the range of its input counts as the nearest end of it.
  @Test func valuesThatNoImageHasAreAnsweredAsTheNearest() throws {
    let octet = try OctetProcess(["serve", "--port", "0"])
    let client = try TestClient(port: octet.port(), keeping: octet)
    func probabilities(_ first: String) throws -> [Float] {
      try InferenceAnswer(client.post("/infer", Self.request(first: first)).body).probabilities
    }
    let (low, high) = (try probabilities("0"), try probabilities("16"))
    #expect(low != high)
    for value in ["-1e38", "-Infinity", "NaN", "1e-45"] { #expect(try probabilities(value) == low, "\(value)") }
    for value in ["1e38", "Infinity"] { #expect(try probabilities(value) == high, "\(value)") }
  }
}

/// How the server ends, and what keeps it from beginning.
@Suite struct AcceptanceLifeTests {
  @Test func requestsUnderWayAreAnsweredBeforeTheEnd() throws {
    let octet = try OctetProcess(["serve", "--port", "0"])
    let port = try octet.port()
    let images = try DigitImages()
    let request = TestClient.post("/infer", images.request(0..<images.count))
    // The head and half of the body are there when the signal comes; the rest comes after it.
    let clients = try (0..<4).map { _ in try TestClient(port: port, keeping: octet) }
    let half = request.utf8.count / 2
    for client in clients { client.send(Array(request.utf8.prefix(half))) }
    // An answer on another connection shows that the server has come to read since.
    #expect(try TestClient(port: port).get("/health/ready").status == 200)
    octet.send(SIGTERM)
    try octet.waitFor("draining")
    for client in clients { client.send(Array(request.utf8.dropFirst(half))) }
    for client in clients {
      let answer = try client.receive()
      #expect(answer.status == 200)
      #expect(images.rightAnswers(try InferenceAnswer(answer.body).probabilities) > 345)
    }
    #expect(try octet.wait() == 0)
  }

  @Test func aSecondServerOnTheSamePortEndsWith69() throws {
    let first = try OctetProcess(["serve", "--port", "0"])
    let port = try first.port()
    let second = try OctetProcess(["serve", "--port", "\(port)"])
    #expect(try second.wait() == 69)
    #expect(try TestClient(port: port).get("/health/ready").status == 200)
  }
}
