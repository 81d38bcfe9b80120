import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetHTTP

private func classes(_ values: [Float], _ shape: Shape, isBatch: Bool = true, count: Int) -> Classification {
  Classification(of: Tensor(.f32, shape, elements: values), isBatch: isBatch, count: count)
}

@Suite struct ClassificationTests {
  @Test func theLargestComeFirst() {
    let found = classes([0.5, 0.1, 4, 0.3], [1, 4], count: 2)
    #expect(found.shape == [1, 2])
    #expect(found.classes.map { $0.text(["a", "b", "c"]) } == ["4.0:2:c", "0.5:0:a"])
  }

  @Test func everyRowHasItsOwn() {
    let found = classes([1, 2, 3, 6, 5, 4], [2, 3], count: 2)
    #expect(found.shape == [2, 2])
    #expect(found.classes.map(\.index) == [2, 1, 0, 1])
  }

  @Test func withoutABatchTheWholeTensorIsOneRow() {
    let found = classes([1, 2, 3, 6, 5, 4], [2, 3], isBatch: false, count: 3)
    #expect(found.shape == [3])
    #expect(found.classes.map(\.index) == [3, 4, 5])
  }

  @Test func thereAreNoMoreClassesThanElements() {
    #expect(classes([1, 2], [1, 2], count: 10).shape == [1, 2])
    #expect(classes([1, 2], [1, 2], count: .max).classes.count == 2)
    #expect(classes([], [0, 2], count: 3).shape == [0, 0])
    #expect(classes([], [2, 0], count: 3).shape == [2, 0])
  }

  @Test func equalValuesKeepTheirOrderAndWhatIsNoNumberComesLast() {
    let found = classes([1, .nan, 1, .infinity, -.infinity], [1, 5], count: 5)
    #expect(found.classes.map(\.index) == [3, 0, 2, 1, 4])
    #expect(found.classes.map(\.valueText) == ["inf", "1.0", "1.0", "nan", "-inf"])
  }

  @Test func integersStayIntegers() {
    let found = Classification(of: Tensor(.i32, [1, 2], elements: [Int32(7), 9]), isBatch: true, count: 1)
    #expect(found.classes.map { $0.text([]) } == ["9:1"])
  }

  // MARK: - Over the wire

  @Test func answersTextsInJSON() throws {
    let body =
      #"{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2,4,3]}],"#
      + #""outputs":[{"name":"y","parameters":{"classification":1}}]}"#
    let answer = try TestServer().connect().post("/infer", body)
    #expect(
      answer.text.hasSuffix(#"[{"name":"y","datatype":"BYTES","shape":[2,1],"data":["4.0:1:two","8.0:0:one"]}]}"#),
      "\(answer.text)")
  }

  @Test func answersTextsBehindTheirLengths() throws {
    let body =
      #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"#
      + #""outputs":[{"name":"y","parameters":{"classification":1,"binary_data":true}}]}"#
    let answer = try TestServer().connect().post("/infer", body)
    let length = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
    #expect(String(decoding: answer.body[..<length], as: UTF8.self).contains(#""binary_data_size":13"#))
    #expect(Array(answer.body[length...]) == [9, 0, 0, 0] + Array("4.0:1:two".utf8))
  }
}
