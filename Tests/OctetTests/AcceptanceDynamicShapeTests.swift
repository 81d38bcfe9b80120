import Dispatch
import FoundationEssentials
import Glibc
import OctetTestSupport
import Synchronization
import Testing

@testable import octet

/// Models whose shapes requests decide, by extents and by values, asked over HTTP.
@Suite struct AcceptanceDynamicShapeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A model of one operator, with other shapes for its inputs, served under `name`.
  private func serve(
    _ name: String, _ golden: GoldenCase, shapes: [(fixed: String, open: String)], batching: String = "{}",
    limits: String = "{}"
  ) throws -> OctetProcess {
    var xml = golden.xml
    for shape in shapes {
      #expect(xml.contains("data shape=\"\(shape.fixed)\""))
      xml = xml.replacing("data shape=\"\(shape.fixed)\"", with: "data shape=\"\(shape.open)\"")
    }
    // The ports say what the inputs said.
    xml = xml.replacing(/<dim>[0-9]+<\/dim>/, with: "<dim>-1</dim>")
    try Data(xml.utf8).write(to: URL(filePath: folder.file("model.xml")))
    try golden.weights.write(to: URL(filePath: folder.file("model.bin")))
    let configuration = """
      {"listen": {"port": 0}, "limits": \(limits), "models": [
        {"name": "\(name)", "path": "\(folder.file("model.xml"))", "batching": \(batching)}]}
      """
    try Data(configuration.utf8).write(to: URL(filePath: folder.file("octet.json")))
    return try OctetProcess(["serve", "--config", folder.file("octet.json")])
  }

  private func request(_ inputs: [(name: String, shape: [Int], values: [Double])]) -> String {
    let tensors = inputs.map { input in
      #"{"name":"\#(input.name)","shape":\#(input.shape),"datatype":"FP32","data":\#(input.values)}"#
    }
    return #"{"inputs":[\#(tensors.joined(separator: ","))]}"#
  }

  // MARK: - Shapes that values decide

  private static let nonMaxSuppression = Result {
    try #require(OperatorGoldens.named("NonMaxSuppression").cases.first { $0.name == "opset9" })
  }
  private static let openShapes = [(fixed: "2,12,4", open: "?,?,4"), (fixed: "2,3,12", open: "?,?,?")]

  private func expect(_ golden: GoldenCase, _ answer: TestClient.Answer) throws {
    try #require(answer.status == 200, "\(answer.text)")
    let outputs = try InferenceAnswer(answer.body).outputs
    #expect(outputs.map(\.shape) == golden.outputs.map(\.shape))
    for (output, expected) in zip(outputs, golden.outputs) {
      let differences = zip(output.data, expected.values).map { abs(Double($0) - $1.number) }
      #expect(differences.count == output.data.count && differences.allSatisfy { $0 < 1e-6 }, "\(output.name)")
    }
  }

  @Test func aDetectorAnswersWithAsManyRowsAsItFinds() throws {
    let golden = try Self.nonMaxSuppression.get()
    let octet = try serve("boxes", golden, shapes: Self.openShapes)
    let client = try TestClient(port: octet.port(), keeping: octet)
    let inputs = golden.inputs.enumerated().map { ("x\($0)", $1.shape, $1.values.map(\.number)) }
    try expect(golden, client.post("/infer", request(inputs)))

    // Of three boxes the second covers nine tenths of the first; the scores decide by class.
    let boxes = [0, 0, 1, 1, 0, 0, 1, 0.9, 2, 2, 3, 3.0]
    let answer = try client.post(
      "/infer", request([("x0", [1, 3, 4], boxes), ("x1", [1, 2, 3], [0.9, 0.8, 0.7, 0, 0, 0.95])]))
    try #require(answer.status == 200, "\(answer.text)")
    let outputs = try InferenceAnswer(answer.body).outputs
    #expect(outputs[0].data == [0, 1, 2, 0, 0, 0, 0, 0, 2])
    #expect(outputs[1].data == [0, 1, 0.95, 0, 0, 0.9, 0, 0, 0.7])
    #expect(outputs[2].data == [3])
    #expect(try client.post("/infer", request([("x0", [1, 3, 4], boxes), ("x1", [1, 2, 4], [])])).status == 400)
  }

  /// Rows of the result are not rows of the input: requests that wait together are not joined.
  @Test func batchingLeavesDetectionsWithTheirRequests() throws {
    let golden = try Self.nonMaxSuppression.get()
    let batching = #"{"maximum": 8, "delay_microseconds": 2000}"#
    let octet = try serve("boxes", golden, shapes: Self.openShapes, batching: batching)
    let port = try octet.port()
    let body = request(golden.inputs.enumerated().map { ("x\($0)", $1.shape, $1.values.map(\.number)) })
    let answers = Mutex<[TestClient.Answer]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      guard let client = try? TestClient(port: port) else { return }
      for _ in 0..<8 {
        guard let answer = try? client.post("/infer", body) else { return }
        answers.withLock { $0.append(answer) }
      }
    }
    withExtendedLifetime(octet) {}
    let all = answers.withLock { $0 }
    #expect(all.count == 32)
    for answer in all { try expect(golden, answer) }
  }

  // MARK: - Extents that requests decide

  @Test func extentsMayBeOpenOrRanges() throws {
    let golden = try #require(OperatorGoldens.named("Abs").cases.first)
    let shape = golden.inputs[0].shape
    let octet = try serve(
      "abs", golden, shapes: [(shape.map(String.init).joined(separator: ","), "2..3,?")])
    let client = try TestClient(port: octet.port(), keeping: octet)
    for extents in [[2, 1], [3, 7], [2, 300], [2, 1]] {
      let count = extents.reduce(1, *)
      let values = (0..<count).map { Double($0) - 3.5 }
      let answer = try client.post("/infer", request([("x0", extents, values)]))
      try #require(answer.status == 200, "\(answer.text)")
      let output = try #require(try InferenceAnswer(answer.body).outputs.first)
      #expect(output.shape == extents)
      #expect(output.data.map(Double.init) == values.map(abs))
    }
    for extents in [[1, 5], [4, 1], [0, 1], [2], [2, 1, 1]] {
      let answer = try client.post(
        "/infer", request([("x0", extents, [Double](repeating: 0, count: extents.reduce(1, *)))]))
      #expect(answer.status == 400)
      #expect(answer.text.contains("'x0' takes shape"), "\(answer.text)")
    }
  }

  /// Few bytes may ask for many.
  @Test func shapesThatWouldTakeTooMuchMemoryAreRefused() throws {
    let golden = try #require(OperatorGoldens.named("Abs").cases.first)
    let shape = golden.inputs[0].shape
    let octet = try serve(
      "abs", golden, shapes: [(shape.map(String.init).joined(separator: ","), "?,?")],
      limits: #"{"inference_bytes": 4096}"#)
    let client = try TestClient(port: octet.port(), keeping: octet)
    let small = try client.post("/infer", request([("x0", [10, 100], [Double](repeating: -1, count: 1000))]))
    #expect(small.status == 200, "\(small.text)")
    let large = try client.post("/infer", request([("x0", [11, 100], [Double](repeating: -1, count: 1100))]))
    #expect(large.status == 400 && large.text.contains("memory"), "\(large.status) \(large.text)")
    #expect(try client.get("/health/live").status == 200)
  }
}
