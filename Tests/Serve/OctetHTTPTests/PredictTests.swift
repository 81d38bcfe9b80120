import OctetTestSupport
import Testing

@testable import OctetHTTP

/// TensorFlow Serving's REST API.
@Suite struct PredictTests {
  private let server: TestServer

  init() throws { server = try TestServer(hasBrokenModel: true) }

  private func predict(_ model: String, _ body: String) throws -> String {
    let answer = try server.connect().post("/v1/models/\(model):predict", body)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.headers["content-type"] == "application/json")
    return answer.text
  }

  // MARK: - Rows and columns

  static let taken: [(model: String, body: String, answer: String)] = [
    ("doubling", #"{"instances":[[1,2]]}"#, #"{"predictions":[[2,4]]}"#),
    ("doubling", #"{"instances":[[1,2],[3,4.5],[5,6]]}"#, #"{"predictions":[[2,4],[6,9],[10,12]]}"#),
    ("doubling", #"{"instances":[{"x":[1,2]},{"x":[3,4]}]}"#, #"{"predictions":[[2,4],[6,8]]}"#),
    ("doubling", #"{"inputs":[[1,2],[3,4]]}"#, #"{"outputs":[[2,4],[6,8]]}"#),
    ("doubling", #"{"inputs":{"x":[[1,2]]}}"#, #"{"outputs":[[2,4]]}"#),
    ("doubling", #"{"signature_name":"serving_default","instances":[[1,2]]}"#, #"{"predictions":[[2,4]]}"#),
    ("doubling", #"{"instances":[[1,2]],"signature_name":"","other":{"a":[null]}}"#, #"{"predictions":[[2,4]]}"#),
    ("doubling/versions/1", #"{"instances":[[1,2]]}"#, #"{"predictions":[[2,4]]}"#),
    (
      "doubling", #"{"instances":[[NaN,Infinity],[-Infinity,-0.0]]}"#,
      #"{"predictions":[[NaN,Infinity],[-Infinity,-0.0]]}"#
    ),
    (
      "pair", #"{"instances":[{"a":[[1,2]],"b":9007199254740993},{"b":-1,"a":[[3,4]]}]}"#,
      #"{"predictions":[{"copy of a":[[1,2]],"copy of b":9007199254740993},{"copy of a":[[3,4]],"copy of b":-1}]}"#
    ),
    (
      "pair", #"{"inputs":{"b":[7,8],"a":[[[1,2]],[[3,4]]]}}"#,
      #"{"outputs":{"copy of a":[[[1,2]],[[3,4]]],"copy of b":[7,8]}}"#
    ),
    // 1 and 2, 3 and 4 as floats.
    (
      "doubling", #"{"instances":[{"b64":"AACAPwAAAEA="},{"b64":"AABAQAAAgEA="}]}"#, #"{"predictions":[[2,4],[6,8]]}"#
    ),
    ("doubling", #"{"instances":[{"x":{"b64":"AACAPwAAAEA="}}]}"#, #"{"predictions":[[2,4]]}"#),
    ("doubling", #"{"inputs":{"b64":"AACAPwAAAEA="}}"#, #"{"outputs":[[2,4]]}"#),
    ("doubling", #"{"inputs":{"x":[{"b64":"AACAPwAAAEA="},{"b64":"AABAQAAAgEA="}]}}"#, #"{"outputs":[[2,4],[6,8]]}"#),
    (
      "pair", #"{"instances":[{"a":{"b64":"AACAPwAAAEA="},"b":5}]}"#,
      #"{"predictions":[{"copy of a":[[1,2]],"copy of b":5}]}"#
    ),
  ]

  @Test(arguments: taken)
  func answersInTheFormOfTheQuestion(_ model: String, _ body: String, _ answer: String) throws {
    #expect(try predict(model, body) == answer)
  }

  @Test func everyTypeOfJSONComesBackAsItWas() throws {
    let values = [
      ("f64", "[0.1,1e+308]"), ("f32", "[0.1,-1.5]"), ("f16", "[0.5,65504]"), ("i64", "[-9223372036854775808,1]"),
      ("i32", "[-2147483648,7]"), ("i16", "[-5,5]"), ("i8", "[-128,127]"), ("u64", "[18446744073709551615,0]"),
      ("u32", "[4294967295,0]"), ("u16", "[65535,1]"), ("u8", "[255,1]"), ("boolean", "[true,false]"),
    ]
    let inputs = values.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
    let outputs = values.map { "\"copy of \($0.0)\":\($0.1)" }.joined(separator: ",")
    #expect(try predict("typed", "{\"inputs\":{\(inputs)}}") == "{\"outputs\":{\(outputs)}}")
  }

  // MARK: - What is refused

  static let refused: [(model: String, body: String, message: String)] = [
    ("doubling", "", "JSON"), ("doubling", "[]", "not a JSON object"),
    ("doubling", "{}", "expected instances or inputs"),
    ("doubling", #"{"instances":[[1,2]],"other":nul}"#, "not JSON"),
    ("doubling", #"{"instances":[]}"#, "at least one"), ("doubling", #"{"instances":7}"#, "expected an array"),
    ("doubling", #"{"instances":[[1,2]],"inputs":[[1,2]]}"#, "found both"),
    ("doubling", #"{"instances":[[1,2],[3]]}"#, "have 2 and 1 elements"),
    ("doubling", #"{"instances":[[1,2],3]}"#, "side by side"),
    ("doubling", #"{"instances":[1,[2,3]]}"#, "side by side"),
    ("doubling", #"{"instances":[[1,[2]]]}"#, "side by side"),
    ("doubling", #"{"instances":[[[1],2]]}"#, "side by side"),
    ("doubling", #"{"instances":[[1,2,3]]}"#, "more elements than the model takes"),
    ("doubling", #"{"instances":[[1]]}"#, "takes shape [-1, 2], not [1, 1]"),
    ("doubling", #"{"instances":[1,2]}"#, "takes shape [-1, 2], not [2]"),
    ("doubling", #"{"inputs":5}"#, "takes shape [-1, 2], not []"),
    ("doubling", #"{"inputs":[]}"#, "takes shape [-1, 2], not [0]"),
    ("doubling", #"{"instances":[["a","b"]]}"#, "a number that FP32 can hold"),
    ("doubling", #"{"instances":[[null,1]]}"#, "a number that FP32 can hold"),
    ("doubling", #"{"instances":[{"z":[1,2]}]}"#, "no input 'z'"),
    ("doubling", #"{"instances":[{"x":[1,2],"x":[1,2]}]}"#, "twice"),
    ("doubling", #"{"instances":[{}]}"#, "expected 1 members, found 0"),
    ("doubling", #"{"instances":[[1,2],{"b64":"AACAPwAAAEA="}]}"#, "side by side"),
    ("doubling", #"{"instances":[{"b64":"AACAPw=="}]}"#, "b64 has 4 bytes"),
    ("doubling", #"{"instances":[{"b64":"?"}]}"#, "not base64"),
    ("doubling", #"{"instances":[{"b64":7}]}"#, "a string"),
    ("doubling", #"{"instances":[{"x":{"b65":""}}]}"#, "expected b64"),
    ("doubling", #"{"instances":[[1,2]],"signature_name":"other"}"#, "no signature 'other'"),
    ("doubling", #"{"instances":[[1,2]]} x"#, "not JSON"),
    ("pair", #"{"instances":[[1,2]]}"#, "the model has 2 inputs"),
    ("pair", #"{"instances":[{"a":[[1,2]]}]}"#, "expected 2 members, found 1"),
    ("pair", #"{"inputs":{"a":[[[1,2]]]}}"#, "input 'b' is missing"),
    ("pair", #"{"instances":[{"b64":"AA=="}]}"#, "no input 'b64'"),
    ("pair", #"{"instances":[{"a":[[1,2]],"b":1.5}]}"#, "expected INT64"),
    ("typed", #"{"instances":[{"u8":256}]}"#, "expected UINT8"),
  ]

  @Test(arguments: refused)
  func refusesWithASentence(_ model: String, _ body: String, _ message: String) throws {
    let answer = try server.connect().post("/v1/models/\(model):predict", body)
    #expect(answer.status == 400)
    #expect(answer.text.hasPrefix(#"{"error":"#) && answer.text.contains(message), "\(answer.text)")
  }

  @Test func nestingIsBounded() throws {
    let client = try server.connect()
    for open in ["[", #"{"x":"#] {
      for prefix in [#"{"instances":"#, #"{"inputs":"#, #"{"other":"#] {
        let answer = try client.post(
          "/v1/models/doubling:predict", prefix + String(repeating: open, count: 50_000))
        #expect(answer.status == 400)
      }
    }
  }

  @Test func everyCutOfABodyIsRefused() throws {
    let body = #"{"instances":[{"a":{"b64":"AACAPwAAAEA="},"b":5},{"a":{"b64":"AACAPwAAAEA="},"b":-7}]}"#
    let client = try server.connect()
    for length in 0..<body.utf8.count {
      #expect(try client.post("/v1/models/pair:predict", String(body.prefix(length))).status == 400)
    }
    #expect(try client.post("/v1/models/pair:predict", body).status == 200)
  }

  // MARK: - Models

  @Test func statesOfVersions() throws {
    let client = try server.connect()
    for path in ["/v1/models/doubling", "/v1/models/doubling/versions/1"] {
      #expect(
        try client.get(path).text
          == #"{"model_version_status":[{"version":"1","state":"AVAILABLE","#
          + #""status":{"error_code":"OK","error_message":""}}]}"#)
    }
    let broken = try client.get("/v1/models/broken").text
    #expect(broken.contains(#""state":"END","status":{"error_code":"UNKNOWN","error_message":"broken.xml"#))
    for path in ["/v1/models/unknown", "/v1/models/doubling/versions/2", "/v1/models/doubling/labels/stable"] {
      let answer = try client.get(path)
      #expect(answer.status == 404 && answer.text.hasPrefix(#"{"error":"#))
    }
    for model in ["unknown", "doubling/versions/2", "doubling/labels/stable"] {
      #expect(try client.post("/v1/models/\(model):predict", #"{"instances":[[1,2]]}"#).status == 404)
    }
    #expect(try client.post("/v1/models/broken:predict", "{}").status == 503)
    #expect(try client.get("/v1/models/doubling:predict").status == 405)
  }

  @Test func metadataIsASignature() throws {
    let answer = try server.connect().get("/v1/models/doubling/metadata").text
    let tensor =
      #"{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1","name":""},{"size":"2","name":""}],"#
      + #""unknown_rank":false},"name":"#
    #expect(
      answer
        == #"{"model_spec":{"name":"doubling","signature_name":"","version":"1"},"#
        + #""metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{"x":"# + tensor
        + #""x"}},"outputs":{"y":"# + tensor + #""y"}},"method_name":"tensorflow/serving/predict"}}}}}"#)
  }
}
