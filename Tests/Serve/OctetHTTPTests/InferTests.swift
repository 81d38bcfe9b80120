import OctetServing
import OctetTestSupport
import Testing

@testable import OctetHTTP

@Suite struct InferTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  @Test func answersJSONWithJSON() throws {
    let answer = try server.connect().post("/infer", TestServer.doubling)
    #expect(answer.status == 200)
    #expect(answer.headers["content-type"] == "application/json")
    #expect(
      answer.text
        == #"{"model_name":"doubling","model_version":"1","outputs":["#
        + #"{"name":"y","datatype":"FP32","shape":[1,2],"data":[2,4]}]}"#)
  }

  @Test(arguments: ["/v2/models/doubling/infer", "/v2/models/doubling/versions/1/infer", "/v2/models/doublin%67/infer"])
  func findsTheModelOfThePath(_ path: String) throws {
    #expect(try server.connect().post(path, TestServer.doubling).status == 200)
  }

  @Test func theBodyMayNameTheModelAndTheRequest() throws {
    let body =
      #"{"model_name":"doubling","id":"4\"2","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#
    let answer = try server.connect().post("/infer", body)
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""id":"4\"2""#))
  }

  @Test func floatsReadBackAsTheSameValue() throws {
    let values = "[0.1,1e-45,3.4028235e38,-0,16777217,1.17549435e-38]"
    let body = #"{"inputs":[{"name":"x","shape":[3,2],"datatype":"FP32","data":\#(values)}]}"#
    let text = try server.connect().post("/infer", body).text
    #expect(text.contains(#""data":[0.2,3e-45,null,-0.0,33554432,2.3509887e-38]"#), "\(text)")
  }

  @Test func everyTypeOfJSONComesBackAsItWas() throws {
    let inputs = [
      ("f64", "FP64", "[0.1,1e+308]"), ("f32", "FP32", "[0.1,-1.5]"), ("i64", "INT64", "[-9223372036854775808,1]"),
      ("i32", "INT32", "[-2147483648,7]"), ("i16", "INT16", "[-5,5]"), ("i8", "INT8", "[-128,127]"),
      ("u64", "UINT64", "[18446744073709551615,0]"), ("u32", "UINT32", "[4294967295,0]"),
      ("u16", "UINT16", "[65535,1]"), ("u8", "UINT8", "[255,1]"), ("boolean", "BOOL", "[true,false]"),
    ]
    let described = inputs.map { #"{"name":"\#($0.0)","datatype":"\#($0.1)","shape":[2],"data":\#($0.2)}"# }
    let half = #"{"name":"f16","datatype":"FP16","shape":[2],"parameters":{"binary_data_size":4}}"#
    let outputs = inputs.map { #"{"name":"copy of \#($0.0)"}"# }.joined(separator: ",")
    let header = #"{"inputs":[\#((described + [half]).joined(separator: ","))],"outputs":[\#(outputs)]}"#
    let answer = try server.connect().post(
      "/v2/models/typed/infer", header + "abcd",
      headers: ["Inference-Header-Content-Length: \(header.utf8.count)"])
    #expect(answer.status == 200, "\(answer.text)")
    for input in inputs {
      #expect(
        answer.text.contains(#""name":"copy of \#(input.0)","datatype":"\#(input.1)","shape":[2],"data":\#(input.2)"#))
    }
  }

  // MARK: - Raw tensors

  private static let header =
    #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"#
  private static let bytes: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]
  private static let doubled: [UInt8] = [0, 0, 0, 64, 0, 0, 128, 64]

  private func postRaw(_ header: String) throws -> TestClient.Answer {
    let client = try server.connect()
    let lines = ["POST /infer HTTP/1.1", "Host: test", "Content-Length: \(header.utf8.count + 8)"]
    client.send(
      (lines + ["Inference-Header-Content-Length: \(header.utf8.count)", "", ""]).joined(separator: "\r\n") + header)
    client.send(Self.bytes)
    return try client.receive()
  }

  @Test(arguments: [
    #""parameters":{"binary_data_output":true}}"#,
    #""outputs":[{"name":"y"}],"parameters":{"binary_data_output":true}}"#,
    #""outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#,
  ])
  func answersRawTensorsToWhoeverAsksForThem(_ rest: String) throws {
    let answer = try postRaw(Self.header + rest)
    #expect(answer.headers["content-type"] == "application/octet-stream")
    let length = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
    #expect(String(decoding: answer.body[..<length], as: UTF8.self).contains(#""binary_data_size":8"#))
    #expect(Array(answer.body[length...]) == Self.doubled)
  }

  @Test(arguments: [
    #""id":"a"}"#,
    #""outputs":[{"name":"y","parameters":{"binary_data":false}}],"parameters":{"binary_data_output":true}}"#,
  ])
  func answersJSONToWhoeverDoesNot(_ rest: String) throws {
    let answer = try postRaw(Self.header + rest)
    #expect(answer.headers["content-type"] == "application/json")
    #expect(answer.headers["inference-header-content-length"] == nil)
    #expect(answer.text.contains(#""data":[2,4]"#))
  }

  @Test func aRawBodyIsATensorOfItsOwn() throws {
    let client = try server.connect()
    client.send(
      "POST /infer HTTP/1.1\r\nHost: test\r\nContent-Length: 16\r\nInference-Header-Content-Length: 0\r\n\r\n")
    client.send(Self.bytes + Self.bytes)
    let answer = try client.receive()
    let length = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
    #expect(Array(answer.body[length...]) == Self.doubled + Self.doubled)
    #expect(String(decoding: answer.body[..<length], as: UTF8.self).contains(#""shape":[2,2]"#))
  }

  @Test func anEmptyRawBodyIsNoTensor() throws {
    let answer = try server.connect().post("/infer", "", headers: ["Inference-Header-Content-Length: 0"])
    #expect(answer.status == 400 && answer.text.contains("the raw body is empty"))
  }

  // MARK: - What is refused

  static let refused: [(path: String, body: String, status: Int, message: String)] = [
    ("/infer", "{", 400, "the body is not JSON"),
    ("/infer", "{}", 400, "input 'x' is missing"),
    ("/infer", #"{"model_name":"unknown"}"#, 404, "there is no model 'unknown'"),
    ("/infer", #"{"model_name":"../etc"}"#, 404, "there is no model"),
    ("/v2/models/unknown/infer", TestServer.doubling, 404, "there is no model 'unknown'"),
    ("/v2/models/doubling/versions/2/infer", TestServer.doubling, 404, "has no version 2"),
    ("/v2/models/typed/infer", #"{"model_name":"doubling"}"#, 400, "the body names 'doubling'"),
    (
      "/infer", #"{"inputs":[{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#, 400, "there is no input 'z'"
    ),
    (
      "/infer", #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, 400,
      "input 'x' takes shape [-1, 2], not [1, 3]"
    ),
    (
      "/infer", #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}]}"#, 400,
      "input 'x' takes FP32, not FP64"
    ),
    (
      "/infer",
      #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]},"#
        + #"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#, 400, "input 'x' stands there twice"
    ),
    (
      "/infer",
      #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"outputs":[{"name":"q"}]}"#, 400,
      "there is no output 'q'"
    ),
  ]

  @Test(arguments: refused)
  func refusesWithASentenceAndGoesOn(_ path: String, _ body: String, _ status: Int, _ message: String) throws {
    let client = try server.connect()
    let refusal = try client.post(path, body)
    #expect(refusal.status == status)
    #expect(refusal.headers["content-type"] == "application/json")
    #expect(refusal.text.hasPrefix(#"{"error":"#) && refusal.text.contains(message), "\(refusal.text)")
    #expect(try client.post("/infer", TestServer.doubling).status == 200)
  }

  @Test(arguments: [
    ("Content-Type: image/webp", 415), ("Content-Type: image/png", 400),
    ("Content-Type: multipart/form-data; boundary=a", 415),
    ("Content-Encoding: gzip", 400), ("Content-Encoding: br", 415), ("Content-Encoding: gzip, gzip", 415),
    ("Content-Type: application/json; charset=utf-8", 200), ("Content-Type: application/x-www-form-urlencoded", 200),
    ("Content-Type: application/octet-stream", 200), ("Content-Encoding: identity", 200),
  ])
  func takesTheTypesThatClientsSend(_ header: String, _ status: Int) throws {
    #expect(try server.connect().post("/infer", TestServer.doubling, headers: [header]).status == status)
  }

  @Test func unknownModelsMakeNoSeries() throws {
    let client = try server.connect()
    _ = try client.post("/v2/models/stranger/infer", "{}")
    _ = try client.post("/infer", #"{"model_name":"stranger"}"#)
    #expect(try !client.get("/metrics").text.contains("stranger"))
  }

  @Test func refusalsOfKnownModelsAreCounted() throws {
    _ = try server.connect().post("/v2/models/doubling/infer", "{}")
    #expect(try server.metric(#"octet_requests_total{model="doubling",version="1",code="400"}"#) == 1)
  }
}
