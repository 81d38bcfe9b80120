import Dispatch
import OctetTestSupport
import Synchronization
import Testing

@testable import octet

/// The embedded model, served by the built executable and asked over HTTP.
@Suite struct AcceptanceInferenceTests {
  /// A float softmax stands at the end of the model, so answers and the model's meaning differ by its roundings.
  private static let tolerance: Float = 1e-6

  /// Lives as long as the suite's test.
  private let octet: OctetProcess
  private let digits: DigitsClient
  private let images: DigitImages

  init() throws {
    images = try DigitImages()
    octet = try OctetProcess(["serve", "--port", "0"])
    digits = DigitsClient(port: try octet.port(), images: images)
  }

  @Test func readsTheTestImagesRightOneByOneAndAsOneBatch() throws {
    let client = try digits.connect()
    try #require(images.count == 360)
    let single = try (0..<images.count).flatMap { try digits.ask(client, $0..<$0 + 1) }
    #expect(single.count == 3600)
    #expect(Double(images.rightAnswers(single)) / Double(images.count) >= 0.96)
    #expect(images.distance(single, from: 0) <= Self.tolerance)
    #expect(try digits.ask(client, 0..<images.count) == single, "a batch changes nothing")
  }

  @Test func answersAtThePathsOfTheProtocol() throws {
    let client = try digits.connect()
    let expected = try digits.ask(client, 0..<3)
    #expect(try digits.ask(client, 0..<3, at: "/v2/models/digits/infer") == expected)
    #expect(try digits.ask(client, 0..<3, at: "/v2/models/digits/versions/1/infer") == expected)
    let named = try client.post("/infer", images.request(0..<3, parameters: #","id":"7","model_name":"digits""#))
    let answer = try InferenceAnswer(named.body)
    #expect(answer.id == "7")
    #expect(answer.modelName == "digits")
    #expect(try answer.probabilities == expected)
  }

  @Test func takesAndGivesBinaryTensors() throws {
    let client = try digits.connect()
    let expected = try digits.ask(client, 0..<5)
    let bytes = images.bytes(0..<5)
    let header =
      #"{"inputs":[{"name":"image","shape":[5,1,8,8],"datatype":"FP32","parameters":{"binary_data_size":\#(bytes.count)}}],"#
      + #""outputs":[{"name":"probabilities","parameters":{"binary_data":true}}]}"#
    let lines = [
      "POST /v2/models/digits/infer HTTP/1.1", "Host: test", "Content-Type: application/octet-stream",
      "Inference-Header-Content-Length: \(header.utf8.count)", "Content-Length: \(header.utf8.count + bytes.count)",
    ]
    client.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + header).utf8) + bytes)
    let answer = try client.receive()
    try #require(answer.status == 200, "\(answer.text)")
    let length = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
    let values = answer.body[length...]
    #expect(values.count == expected.count * 4)
    let floats = values.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { offset in
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      }
    }
    #expect(floats == expected)
  }

  @Test func metricsAddUpWhileEightClientsAsk() throws {
    let clients = 8, requests = 25
    let failures = Mutex<[String]>([])
    let running = Atomic(clients)
    // The ninth scrapes until the others are done.
    DispatchQueue.concurrentPerform(iterations: clients + 1) { [digits] index in
      do {
        let client = try digits.connect()
        guard index < clients else {
          while running.load(ordering: .sequentiallyConsistent) > 0 {
            try Exposition(client.get("/metrics").text).checkHistograms()
          }
          return
        }
        defer { running.subtract(1, ordering: .sequentiallyConsistent) }
        for request in 0..<requests {
          let image = index * requests + request
          let distance = digits.images.distance(try digits.ask(client, image..<image + 1), from: image)
          if distance > Self.tolerance { failures.withLock { $0.append("image \(image) is \(distance) off") } }
        }
      } catch {
        failures.withLock { $0.append("client \(index): \(error)") }
      }
    }
    failures.withLock { #expect($0.isEmpty, "\($0)") }
    try expectMetricsToAddUp(requests: clients * requests)
  }

  /// Requests are batched, so there are at most as many inferences; every layer has run in each of them.
  private func expectMetricsToAddUp(requests: Int) throws {
    let exposition = try Exposition(digits.connect().get("/metrics").text)
    #expect(exposition.values(of: "octet_requests_total", ["code": "200"]) == [Double(requests)])
    #expect(exposition.values(of: "octet_batch_size_sum") == [Double(requests)])
    #expect(exposition.values(of: "octet_requests_in_flight") == [0])
    let inferences = try #require(exposition.values(of: "octet_inference_seconds_count").first)
    #expect(inferences >= 1 && inferences <= Double(requests))
    let layers = Set(exposition.labels(of: "octet_layer_executions_total", "layer"))
    #expect(layers.count > 5)
    for layer in layers {
      // Another batch size is another plan, and may take another kernel for the same layer.
      let executions = exposition.values(of: "octet_layer_executions_total", ["layer": layer]).reduce(0, +)
      #expect(executions == inferences, "layer \(layer)")
    }
  }
}

/// Asks a server of the embedded model.
private struct DigitsClient: Sendable {
  let port: UInt16
  let images: DigitImages

  func connect() throws -> TestClient { try TestClient(port: port) }

  func ask(_ client: TestClient, _ range: Range<Int>, at path: String = "/infer") throws -> [Float] {
    let answer = try client.post(path, images.request(range), headers: ["Content-Type: application/json"])
    try #require(answer.status == 200, "\(answer.text)")
    return try InferenceAnswer(answer.body).probabilities
  }
}
