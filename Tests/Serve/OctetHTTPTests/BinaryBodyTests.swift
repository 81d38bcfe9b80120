import OctetTensor
import Testing

@testable import OctetHTTP

/// A body of JSON and raw bytes behind it.
private func parse(_ header: String, _ tail: [UInt8]) throws -> InferenceBody {
  let buffer = ByteBuffer(alignedOffset: header.utf8.count)
  buffer.append(header)
  tail.withUnsafeBytes { buffer.append($0) }
  buffer.clearPadding()
  return try InferenceBody(buffer, headerLength: header.utf8.count)
}

private func input(_ name: String, _ datatype: String, _ shape: String, bytes: Int) -> String {
  #"{"name":"\#(name)","datatype":"\#(datatype)","shape":\#(shape),"parameters":{"binary_data_size":\#(bytes)}}"#
}

@Suite struct BinaryBodyTests {
  private let bytes: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]  // 1 and 2 as FP32

  @Test func readsTensorsInTheOrderOfTheirInputs() throws {
    let header = #"{"inputs":[\#(input("x", "FP32", "[2]", bytes: 8)),\#(input("b", "BOOL", "[3]", bytes: 3))]}"#
    let body = try parse(header, bytes + [1, 0, 1])
    #expect(body.inputs[0].tensor.floats == [1, 2])
    #expect(body.inputs[1].tensor.elements(as: UInt8.self) == [1, 0, 1])
  }

  @Test func mixesJSONAndBinary() throws {
    let header =
      #"{"inputs":[{"name":"j","datatype":"INT8","shape":[1],"data":[7]},\#(input("x", "FP32", "[2]", bytes: 8))]}"#
    let body = try parse(header, bytes)
    #expect(body.inputs[0].tensor.integers == [7])
    #expect(body.inputs[1].tensor.floats == [1, 2])
  }

  @Test func theFirstTensorIsNotCopied() throws {
    let header = #"{"inputs":[\#(input("x", "FP32", "[2]", bytes: 8))]}"#
    let buffer = ByteBuffer(alignedOffset: header.utf8.count)
    buffer.append(header)
    bytes.withUnsafeBytes { buffer.append($0) }
    buffer.clearPadding()
    let tensor = try InferenceBody(buffer, headerLength: header.utf8.count).inputs[0].tensor
    #expect(UnsafeRawPointer(tensor.storage.base) == buffer.bytes.baseAddress.map { $0 + header.utf8.count })
  }

  @Test func aTensorWithoutElementsTakesNoBytes() throws {
    #expect(try parse(#"{"inputs":[\#(input("x", "FP32", "[0,3]", bytes: 0))]}"#, []).inputs[0].tensor.shape == [0, 3])
  }

  static let hostile: [(input: String, tail: Int, message: String)] = [
    (input("x", "FP32", "[2]", bytes: 8), 7, "the body ends before its 8 bytes"),
    (input("x", "FP32", "[2]", bytes: 8), 9, "the body has 1 bytes more"),
    (input("x", "FP32", "[2]", bytes: 7), 7, "takes 8 bytes, not 7"),
    (input("x", "FP32", "[1000000,1000000]", bytes: 4_000_000_000_000), 8, "the body ends before"),
    (input("x", "BYTES", "[1]", bytes: 8), 8, "no model here takes BYTES"),
    (input("x", "FP32", "[2]", bytes: -8), 8, "expected a whole number"),
    (
      #"{"name":"x","datatype":"FP32","shape":[2],"data":[1,2],"parameters":{"binary_data_size":8}}"#, 8,
      "either data or"
    ),
  ]

  @Test(arguments: hostile)
  func refusesWithASentence(_ input: String, _ tail: Int, _ message: String) throws {
    let error = try #require(throws: HTTPError.self) {
      try parse(#"{"inputs":[\#(input)]}"#, [UInt8](repeating: 0, count: tail))
    }
    #expect(error.status == 400)
    #expect(error.message.contains(message), "it says: \(error.message)")
  }

  @Test func truthIsZeroOrOne() throws {
    let error = try #require(throws: HTTPError.self) {
      try parse(#"{"inputs":[\#(input("b", "BOOL", "[2]", bytes: 2))]}"#, [1, 2])
    }
    #expect(error.message == "input 'b': expected BOOL bytes 0 or 1, found 2")
  }

  @Test func aHeaderLengthBeyondTheBodyIsRefused() throws {
    let buffer = ByteBuffer()
    buffer.append("{}")
    buffer.clearPadding()
    let error = try #require(throws: HTTPError.self) { try InferenceBody(buffer, headerLength: 3) }
    #expect(error.message == "Inference-Header-Content-Length is 3, but the whole body has only 2 bytes")
  }
}
