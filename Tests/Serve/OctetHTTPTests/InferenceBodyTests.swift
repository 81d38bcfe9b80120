import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetHTTP

private func body(_ text: String) -> ByteBuffer { body(Array(text.utf8)) }

private func body(_ bytes: [UInt8], headerLength: Int = 0) -> ByteBuffer {
  let buffer = ByteBuffer(alignedOffset: headerLength)
  bytes.withUnsafeBytes { buffer.append($0) }
  buffer.clearPadding()
  return buffer
}

private func request(_ datatype: String, _ shape: String, _ data: String) -> String {
  #"{"inputs":[{"name":"x","datatype":"\#(datatype)","shape":\#(shape),"data":\#(data)}]}"#
}

private func tensor(_ text: String) throws -> Tensor {
  let inputs = try InferenceBody(body(text), headerLength: nil).inputs
  return try #require(inputs.first).tensor
}

/// The refusal of a body, or nil when it is taken.
private func refusal(_ text: String, headerLength: Int? = nil) -> HTTPError? {
  do throws(HTTPError) {
    _ = try InferenceBody(body(text), headerLength: headerLength)
    return nil
  } catch {
    return error
  }
}

@Suite struct InferenceBodyTests {
  // MARK: - What is taken

  @Test func readsEveryPartOfARequest() throws {
    let text = """
      {"id": "seven", "model_name": "m", "parameters": {"timeout": 1500, "priority": 2, "binary_data_output": true, "k": [1, {"a": null}]},
       "inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [1, 2.5], "parameters": {"note": "é"}}],
       "outputs": [{"name": "y", "parameters": {"binary_data": false}}, {"name": "z"}], "later": {}}
      """
    let body = try InferenceBody(body(text), headerLength: nil)
    #expect(body.identifier == "seven")
    #expect(body.modelName == "m")
    #expect(body.patience == .microseconds(1500))
    #expect(body.priority == 2)
    #expect(body.prefersBinary)
    #expect(body.outputs.map(\.name) == ["y", "z"])
    #expect(body.outputs.map(\.isBinary) == [false, nil])
    #expect(body.inputs.map(\.name) == ["x"])
    #expect(body.inputs[0].tensor.floats == [1, 2.5])
  }

  @Test func whatIsNotSaidIsLeftToTheModel() throws {
    let parameters = #"{"timeout":0,"priority":0,"sequence_id":0,"sequence_start":true,"custom":1.5e300}"#
    let plain = try InferenceBody(body(#"{"inputs":[],"parameters":\#(parameters)}"#), headerLength: nil)
    #expect(plain.patience == nil && plain.priority == nil)
    let endless = #"{"inputs":[],"parameters":{"timeout":18446744073709551615,"priority":18446744073709551615}}"#
    let patient = try InferenceBody(body(endless), headerLength: nil)
    #expect(patient.patience == .seconds(86_400) && patient.priority == Int.max)
  }

  @Test(arguments: [
    ("[2,2]", "[1,2,3,4]"), ("[2,2]", "[[1,2],[3,4]]"), ("[4]", "[1,2,3,4]"), ("[1,2,2,1]", "[[[[1],[2]],[[3],[4]]]]"),
    ("[2,2]", " [ [ 1 , 2 ] ,\n[ 3 , 4 ] ] "),
  ])
  func dataIsFlatOrNestedAsTheShapeSays(_ shape: String, _ data: String) throws {
    #expect(try tensor(request("FP32", shape, data)).floats == [1, 2, 3, 4])
  }

  @Test func takesEmptyAndScalarTensors() throws {
    #expect(try tensor(request("FP32", "[0,3]", "[]")).shape == [0, 3])
    #expect(try tensor(request("FP32", "[]", "[5]")).floats == [5])
  }

  @Test(arguments: [
    #"{"inputs":[{"data":[1,2],"name":"x","datatype":"INT32","shape":[2]}]}"#,
    #"{"inputs":[{"data":[[1],[2]],"shape":[2,1],"datatype":"INT32","name":"x"}]}"#,
    #"{"inputs":[{"name":"x","data":[1,2],"shape":[2],"parameters":{},"datatype":"INT32"}],"id":"a"}"#,
  ])
  func keysStandInAnyOrder(_ text: String) throws {
    #expect(try tensor(text).integers == [1, 2])
  }

  @Test func integersOf64BitsAreExact() throws {
    let signed = try tensor(request("INT64", "[2]", "[-9223372036854775808,9223372036854775807]"))
    #expect(signed.elements(as: Int64.self) == [.min, .max])
    let unsigned = try tensor(request("UINT64", "[2]", "[18446744073709551615,9007199254740993]"))
    #expect(unsigned.elements(as: UInt64.self) == [.max, 9_007_199_254_740_993])
  }

  @Test func floatsOf64BitsAreExact() throws {
    let values = try tensor(request("FP64", "[3]", "[0.1,1e308,-4.9406564584124654e-324]"))
    #expect(values.elements(as: Double.self) == [0.1, 1e308, -Double.leastNonzeroMagnitude])
  }

  @Test func readsNumbersInEveryForm() throws {
    let texts = "-0, 0.0, 1E5, 1e+5, 12.5e-1, -1.25E2, 1e-400, 123456789012345678901234567890, 0e999 , 1e-46"
    let values: [Float] = [-0.0, 0, 1e5, 1e5, 1.25, -125, 0, 1.2345679e29, 0, 0]
    let read = try tensor(request("FP32", "[10]", "[\(texts)]")).elements(as: Float.self)
    #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
  }

  /// By way of a double this one would become its upper neighbour.
  @Test func roundsOnce() throws {
    let read = try tensor(request("FP32", "[1]", "[1.00000017881393432617187499]")).elements(as: Float.self)
    #expect(read == [1.0000001])
  }

  /// Of every length, near halves of a step of f32 and far from them, as the standard library rounds them.
  @Test func roundsAsTheStandardLibraryDoes() throws {
    var random = SeededRandom(seed: 5)
    var texts: [String] = []
    for _ in 0..<20_000 {
      let value = Float(bitPattern: UInt32.random(in: 0x2000_0000...0x6000_0000, using: &random))
      let half = (Double(value) + Double(value.nextUp)) / 2
      texts += ["\(value)", "\(Double(value))", "\(half)", "\(half.nextUp)", "\(half.nextDown)", "-\(half.ulp)"]
      let places = Int.random(in: 1...25, using: &random)
      let digits = (0..<places).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
      texts += ["0.\(digits)", "-7\(digits).\(digits)", "3\(digits)e-\(places)", "\(places).\(digits)E+1\(places % 4)"]
    }
    let list = "[\(texts.joined(separator: ","))]"
    let singles = try tensor(request("FP32", "[\(texts.count)]", list)).elements(as: Float.self)
    #expect(singles.map(\.bitPattern) == texts.compactMap { Float($0)?.bitPattern })
    let doubles = try tensor(request("FP64", "[\(texts.count)]", list)).elements(as: Double.self)
    #expect(doubles.map(\.bitPattern) == texts.compactMap { Double($0)?.bitPattern })
  }

  @Test(arguments: ["FP32", "FP64"])
  func takesTheWordsForWhatIsNotFinite(_ datatype: String) throws {
    let values = try tensor(request(datatype, "[4]", "[NaN, Infinity,-Infinity ,1]")).doubles
    #expect(values[0].isNaN)
    #expect(values[1...] == [.infinity, -.infinity, 1])
  }

  @Test func takesTruthAsWordsAndAsNumbers() throws {
    #expect(try tensor(request("BOOL", "[4]", "[true,false,1,0]")).elements(as: UInt8.self) == [1, 0, 1, 0])
  }

  @Test(arguments: [
    ("INT8", "-128", "127"), ("UINT8", "0", "255"), ("INT16", "-32768", "32767"), ("UINT16", "0", "65535"),
    ("INT32", "-2147483648", "2147483647"), ("UINT32", "0", "4294967295"),
  ])
  func takesTheBoundsOfATypeAndNothingBeyond(_ datatype: String, _ low: String, _ high: String) throws {
    #expect(try tensor(request(datatype, "[2]", "[\(low),\(high)]")).integers == [low, high].compactMap { Int($0) })
    for beyond in [Int(high).map { $0 + 1 }, Int(low).map { $0 - 1 }] {
      let error = refusal(request(datatype, "[1]", "[\(beyond ?? 0)]"))
      #expect(error?.message.contains("from \(low) to \(high), found '\(beyond ?? 0)'") == true)
    }
  }

  @Test func readsAsMuchAsAnImage() throws {
    let count = 3 * 224 * 224
    let data = "[" + (0..<count).map { "\(Double($0) / 7)" }.joined(separator: ",") + "]"
    let values = try tensor(request("FP32", "[1,3,224,224]", data)).floats
    #expect(values == (0..<count).map { Float(Double($0) / 7) })
  }

  // MARK: - What is refused

  /// Bodies, each with a part of the sentence that it gets.
  static let hostile: [(body: String, message: String)] = [
    ("", "the body is not JSON"),
    ("   ", "the body is not JSON"),
    ("null", "not a JSON object"),
    ("[]", "not a JSON object"),
    ("\u{FEFF}" + request("FP32", "[1]", "[1]"), "the body is not"),
    ("{", "the body is not JSON"),
    ("{}}", "the body"),
    ("{} {}", "the body"),
    (#"{"inputs":[]} trailing"#, "the body"),
    (#"{"inputs":[{"name":"x""#, "the body is not JSON"),
    (#"{"inputs":{}}"#, "inputs: expected an array"),
    (#"{"inputs":[1]}"#, "inputs: expected objects"),
    (#"{"inputs":[{}]}"#, "inputs[0]: expected a name, a datatype and a shape"),
    (#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1]}]}"#, "expected either data or"),
    (#"{"inputs":[{"name":1,"datatype":"FP32","shape":[1],"data":[1]}]}"#, "inputs[0].name: expected a string"),
    (#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":5}]}"#, "data: expected an array"),
    (#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":null}]}"#, "data: expected an array"),
    (#"{"inputs":[],"inputs":[]}"#, "'inputs' stands there twice"),
    (#"{"inputs":[{"name":"x","name":"y"}]}"#, "'name' stands there twice"),
    (#"{"inputs":[],"id":7}"#, "id: expected a string"),
    (#"{"inputs":[],"parameters":3}"#, "parameters: expected an object"),
    (#"{"inputs":[],"parameters":{"timeout":-1}}"#, "parameters.timeout: expected a whole number"),
    (#"{"inputs":[],"parameters":{"binary_data_output":1}}"#, "expected true or false"),
    (#"{"inputs":[],"outputs":[{}]}"#, "outputs[0]: expected a name"),
    (#"{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":-3}}]}"#, "expected a whole number"),
    (#"{"inputs":[],"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]}"#, "shared memory is not"),
    (
      #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}]}"#,
      "shared memory is not supported"
    ),
    (#"{"inputs":[],"other":nul}"#, "not JSON"), (#"{"inputs":[],"other":[nope]}"#, "not JSON"),
    (#"{"inputs":[],"parameters":{"sequence_id":null}}"#, "expected a whole number or a string"),
    (#"{"inputs":[],"parameters":{"priority":-1}}"#, "parameters.priority: expected a whole number"),
    (#"{"inputs":[],"ignored":[1,}"#, "the body is not JSON"),
    (#"{"inputs":[],"ignored":tru}"#, "the body is not JSON"),
    (#"{"inputs":[],"ignored":"\x"}"#, "the body is not JSON"),
    (request("FP31", "[1]", "[1]"), "'FP31' is not a datatype"),
    (request("BYTES", "[1]", "[\"a\"]"), "no model here takes BYTES"),
    (request("FP16", "[1]", "[1]"), "JSON has no form for FP16"),
    (request("FP32", "3", "[1]"), "shape: expected an array"),
    (request("FP32", "[-1]", "[1]"), "shape: expected whole numbers"),
    (request("FP32", "[1.5]", "[1]"), "shape: expected whole numbers"),
    (request("FP32", "[1000000000]", "[1]"), "the body is too short"),
    (request("FP32", "[4294967296,4294967296,4294967296]", "[1]"), "cannot be"),
    (request("FP32", "[9223372036854775807,2]", "[1]"), "cannot be"),
    (request("FP32", "[9223372036854775808]", "[1]"), "shape: expected whole numbers"),
    (request("FP32", "[" + Array(repeating: "1", count: 33).joined(separator: ",") + "]", "[1]"), "more than 32 axes"),
    (request("FP32", "[3]", "[1,2]"), "holds only 2 elements, but the shape has 3"),
    (request("FP32", "[1]", "[1,2]"), "holds more elements"),
    (request("FP32", "[2,2]", "[[1,2,3],[4]]"), "an array along axis 1 has 3 elements, but the shape says 2"),
    (request("FP32", "[2,2]", "[[1,2],3,4]"), "stand side by side"),
    (request("FP32", "[2]", "[[1],[2]]"), "nested deeper than the 1 axes"),
    (request("FP32", "[1,2,1]", "[[1,2]]"), "levels deep"),
    (request("FP32", "[1]", "[1e400]"), "expected a number that FP32 can hold, found '1e400'"),
    (request("FP32", "[1]", "[1e300]"), "expected a number that FP32 can hold, found '1e300'"),
    (request("FP64", "[1]", "[1e400]"), "expected a number that FP64 can hold, found '1e400'"),
    (request("FP32", "[1]", "[\"1\"]"), "found '\"1\"'"),
    (request("FP32", "[1]", "[null]"), "found 'null'"),
    (request("FP32", "[1]", "[nan]"), "found 'nan'"),
    (request("FP32", "[1]", "[0x10]"), "found '0x10'"),
    (request("FP32", "[1]", "[01]"), "found '01'"),
    (request("FP32", "[1]", "[.5]"), "found '.5'"),
    (request("FP32", "[1]", "[+1]"), "found '+1'"),
    (request("FP32", "[1]", "[1.]"), "found '1.'"),
    (request("FP32", "[1]", "[1.e5]"), "found '1.e5'"),
    (request("FP64", "[1]", "[-]"), "found '-'"),
    (request("FP64", "[1]", "[-.5]"), "found '-.5'"),
    (request("FP32", "[1]", "[1e]"), "found '1e'"),
    (request("FP32", "[1]", "[1e+]"), "found '1e+'"),
    (request("FP32", "[1]", "[1.5x]"), "found '1.5x'"),
    (request("FP32", "[1]", "[1.5.2]"), "found '1.5.2'"),
    (request("FP32", "[1]", "[-00]"), "found '-00'"),
    (request("FP32", "[1]", "[inf]"), "found 'inf'"),
    (request("FP32", "[1]", "[-nan]"), "found '-nan'"),
    (request("FP32", "[2]", "[1 2]"), "data"),
    (request("FP32", "[2]", "[1,,2]"), "data"), (request("FP32", "[1]", "[1,]"), "data"),
    (request("INT32", "[1]", "[01]"), "expected INT32"), (request("UINT8", "[1]", "[-0]"), "expected UINT8"),
    (request("FP32", "[1]", "[{}]"), "found '{'"),
    (request("INT32", "[1]", "[1.0]"), "expected INT32"),
    (request("INT32", "[1]", "[1e2]"), "expected INT32"),
    (request("INT64", "[1]", "[9223372036854775808]"), "expected INT64"),
    (request("UINT64", "[1]", "[-1]"), "expected UINT64"),
    (request("INT8", "[1]", "[NaN]"), "expected INT8"),
    (request("BOOL", "[1]", "[2]"), "expected true or false"),
    (request("BOOL", "[1]", "[\"true\"]"), "expected true or false"),
  ]

  @Test(arguments: hostile)
  func refusesWithASentence(_ body: String, _ message: String) throws {
    let error = try #require(refusal(body))
    #expect(error.status == 400)
    #expect(error.message.contains(message), "it says: \(error.message)")
    #expect(error.message.utf8.count < 512)
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
    #"{"inputs":[],"deep":"# + String(repeating: "[", count: 500) + String(repeating: "]", count: 500) + "}",
    #"{"inputs":"# + String(repeating: "[", count: 100_000),
    request("FP32", "[1]", String(repeating: "[", count: 100_000)),
  ])
  func depthIsRefusedWithoutHarm(_ body: String) {
    #expect(refusal(body)?.status == 400)
  }

  @Test func veryManyMembersAreRefusedAtOnce() {
    let members = (0..<300_000).map { #""k\#($0)":0"# }.joined(separator: ",")
    #expect(refusal("{\(members)}")?.message == "the request: has more than 256 members")
  }

  @Test func aLevelBelowTheLimitIsTaken() {
    let deep = String(repeating: "[", count: 90) + String(repeating: "]", count: 90)
    #expect(refusal(#"{"inputs":[],"deep":\#(deep)}"#) == nil)
  }

  @Test func everyTruncationIsRefused() {
    let whole = request("FP32", "[2,2]", "[[1.5,-2e3],[3,4]]")
    for length in 0..<whole.utf8.count {
      #expect(refusal(String(whole.prefix(length))) != nil, "taken after \(length) bytes")
    }
  }

  @Test func everyDamagedByteIsRefusedOrRead() {
    let whole = Array(request("FP32", "[2]", "[1.5,-2e3]").utf8)
    for index in whole.indices {
      for damage: UInt8 in [0x00, 0x22, 0x5B, 0x7B, 0x80, 0xFF] {
        var damaged = whole
        damaged[index] = damage
        // What counts is that it ends, in an answer of either kind.
        _ = try? InferenceBody(body(damaged), headerLength: nil)
      }
    }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    var bytes = Array(request("FP32", "[1]", "[1]").utf8)
    bytes[14] = 0xFF
    #expect(throws: HTTPError.self) { try InferenceBody(body(bytes), headerLength: nil) }
  }
}
