import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetHTTP

/// Requests that people make: a picture instead of tensors.
@Suite struct PictureTests {
  /// Two grey pixels, 10 and 200.
  private static let png = bytes(
    "89504e470d0a1a0a0000000d4948445200000002000000010800000000d14920560000000b4944415478da63e03a010000df"
      + "00d3d885d2ae0000000049454e44ae426082")
  private static let base64 =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR42mPgOgEAAN8A09iF0q4AAAAASUVORK5CYI"
    + "I="

  private let server: TestServer

  init() throws { server = try TestServer() }

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  private func post(
    _ bytes: [UInt8], to path: String = "/v2/models/picture/infer", _ headers: [String] = []
  ) throws -> TestClient.Answer {
    let client = try server.connect()
    let lines = ["POST \(path) HTTP/1.1", "Host: test", "Content-Length: \(bytes.count)"] + headers
    client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    client.send(bytes)
    return try client.receive()
  }

  @Test(arguments: [
    [], ["Content-Type: image/png"], ["Content-Type: image/jpeg"], ["Content-Type: application/x-www-form-urlencoded"],
  ])
  func aPictureIsAnsweredForAPerson(_ headers: [String]) throws {
    let answer = try post(Self.png, headers)
    #expect(answer.status == 200)
    #expect(answer.headers["content-type"] == "application/json")
    #expect(
      answer.text == """
        {
          "model_name": "picture",
          "model_version": "1",
          "predictions": [
            {"label": "two", "score": 200.0, "index": 1},
            {"label": "one", "score": 10.0, "index": 0}
          ]
        }

        """)
  }

  @Test func tensorFlowServingTakesPicturesAsBase64() throws {
    let answer = try server.connect().post(
      "/v1/models/picture:predict", #"{"instances":[{"b64":"\#(Self.base64)"}]}"#)
    #expect(answer.text == #"{"predictions":[[[[10,200]]]]}"#)
  }

  @Test func whatIsNoPictureIsRefused() throws {
    let broken = try post(Array(Self.png.dropLast(20)))
    #expect(broken.status == 400 && broken.text.contains("cannot be decoded"))
    let text = try post(Array("cat".utf8), ["Content-Type: image/png"])
    #expect(text.status == 400 && text.text.contains("neither JPEG nor PNG"))
    let tensors = try post(Self.png, to: "/v2/models/doubling/infer")
    #expect(tensors.status == 400 && tensors.text.contains("takes tensors"))
    #expect(try server.metric(#"octet_requests_total{model="picture",version="1",code="400"}"#) == 2)
  }

  @Test func picturesMayNotGrowBeyondWhatABodyMayHave() throws {
    var options = HTTPServerOptions()
    options.bodyByteCount = 20_000
    let server = try TestServer(options: options, picture: [1, 1, 64, 64])
    let picture = #"{"b64":"\#(Self.base64)"}"#
    let one = try server.connect().post("/v1/models/picture:predict", #"{"instances":[\#(picture)]}"#)
    #expect(one.status == 200)
    let two = try server.connect().post("/v1/models/picture:predict", #"{"instances":[\#(picture),\#(picture)]}"#)
    #expect(two.status == 413 && two.text.contains("its rows take more than the 20000 bytes"))
  }

  @Test func aPictureMayNotBecomeTooLargeOnTheWay() throws {
    // It has two pixels; once it is as wide as the input, 64.
    var options = HTTPServerOptions()
    options.picturePixels = 63
    let client = try TestServer(options: options, picture: [1, 1, 64, 64]).connect()
    client.send(
      "POST /v2/models/picture/infer HTTP/1.1\r\nHost: test\r\nContent-Length: \(Self.png.count)\r\n\r\n")
    client.send(Self.png)
    #expect(try client.receive().status == 413)
  }

  @Test func aPictureMayNotBeTooLarge() throws {
    var options = HTTPServerOptions()
    options.picturePixels = 1
    let client = try TestServer(options: options).connect()
    client.send(
      "POST /v2/models/picture/infer HTTP/1.1\r\nHost: test\r\nContent-Length: \(Self.png.count)\r\n\r\n")
    client.send(Self.png)
    let answer = try client.receive()
    #expect(answer.status == 413 && answer.text.contains("2 × 1 pixels"))
  }
}
