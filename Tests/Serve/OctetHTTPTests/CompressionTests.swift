import OctetTestSupport
import Testing

@testable import OctetHTTP

/// `TestServer.doubling` as other programs compress it: Python's gzip and zlib, and deflate without a container.
private enum Compressed {
  static let gzip = bytes(
    "1f8b0800000000000203ab56cacc2b282d2956b28aae56ca4bcc4d55b252aa50d2512ace482c00b2a30d758c62759452124b"
      + "124b2a41024a6e01c6464a1011a8746d6c2d005124e7ad46000000")
  static let zlib = bytes(
    "789cab56cacc2b282d2956b28aae56ca4bcc4d55b252aa50d2512ace482c00b2a30d758c62759452124b124b2a41024a6e01"
      + "c6464a1011a8746d6c2d0011811577")
  static let raw = bytes(
    "ab56cacc2b282d2956b28aae56ca4bcc4d55b252aa50d2512ace482c00b2a30d758c62759452124b124b2a41024a6e01c646"
      + "4a1011a8746d6c2d00")

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }
}

private func inflated(_ bytes: [UInt8], _ coding: ContentCoding, limit: Int = 1 << 20) throws(HTTPError) -> [UInt8] {
  let buffer = ByteBuffer()
  bytes.withUnsafeBytes { buffer.append($0) }
  let plain = try Inflation.plain(buffer.bytes, coding, limit: limit, alignedOffset: 0)
  return withExtendedLifetime((buffer, plain)) { Array(plain.bytes) }
}

private func deflated(_ bytes: [UInt8], _ coding: ContentCoding) -> [UInt8]? {
  bytes.withUnsafeBytes { part in
    Deflation.compressed([part], coding).map { smaller in
      withExtendedLifetime(smaller) { Array(smaller.bytes) }
    }
  }
}

@Suite struct CompressionTests {
  @Test func readsWhatOthersWrite() throws {
    let plain = Array(TestServer.doubling.utf8)
    #expect(try inflated(Compressed.gzip, .gzip) == plain)
    #expect(try inflated(Compressed.zlib, .deflate) == plain)
    #expect(try inflated(Compressed.raw, .deflate) == plain)
    #expect(try inflated(Compressed.gzip + Compressed.gzip, .gzip) == plain + plain)
  }

  @Test(arguments: ContentCoding.allCases, [0, 1, 70_000, 3_000_000])
  func whatIsWrittenReadsBack(_ coding: ContentCoding, _ count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 5) }
    guard let smaller = deflated(bytes, coding) else {
      #expect(count < 16, "long repetitive bytes become smaller")
      return
    }
    #expect(smaller.count < count)
    #expect(try inflated(smaller, coding, limit: max(1, count)) == bytes)
  }

  @Test func leavesAloneWhatDoesNotBecomeSmaller() {
    var state: UInt64 = 1
    let noise = (0..<5000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    #expect(deflated(noise, .gzip) == nil)
  }

  @Test func everyCutIsRefused() {
    for (bytes, coding) in [(Compressed.gzip, ContentCoding.gzip), (Compressed.zlib, .deflate)] {
      for length in 0..<bytes.count {
        let error = #expect(throws: HTTPError.self) { try inflated(Array(bytes[..<length]), coding) }
        #expect(error?.status == 400)
      }
    }
  }

  @Test func everyFlippedBitIsRefusedOrReads() {
    for index in Compressed.gzip.indices {
      for bit in 0..<8 {
        var bytes = Compressed.gzip
        bytes[index] ^= 1 << UInt8(bit)
        do throws(HTTPError) {
          #expect(try inflated(bytes, .gzip).count < 1 << 20)
        } catch {
          #expect([400, 413].contains(error.status))
        }
      }
    }
  }

  @Test func aBodyMayBecomeAsLargeAsOneThatIsNotCompressed() throws {
    let bomb = try #require(deflated([UInt8](repeating: 0, count: 4 << 20), .gzip))
    #expect(bomb.count < 20_000)
    #expect(try inflated(bomb, .gzip, limit: 4 << 20).count == 4 << 20)
    let error = #expect(throws: HTTPError.self) { try inflated(bomb, .gzip, limit: 4 << 20 - 1) }
    #expect(error?.status == 413)
  }

  @Test func aSmallBodyMayNotBecomeAHugeOne() throws {
    let bomb = try #require(deflated([UInt8](repeating: 0, count: 32 << 20), .gzip))
    let error = #expect(throws: HTTPError.self) { try inflated(bomb, .gzip, limit: 1 << 30) }
    #expect(error?.status == 413)
  }

  // MARK: - Over the wire

  private func post(_ body: [UInt8], _ headers: [String]) throws -> TestClient.Answer {
    let client = try TestServer().connect()
    let lines = ["POST /infer HTTP/1.1", "Host: test", "Content-Length: \(body.count)"] + headers
    client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    client.send(body)
    return try client.receive()
  }

  @Test(arguments: [("gzip", Compressed.gzip), ("deflate", Compressed.zlib), ("GZIP", Compressed.gzip)])
  func takesCompressedRequests(_ coding: String, _ body: [UInt8]) throws {
    let answer = try post(body, ["Content-Encoding: \(coding)"])
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.text.contains(#""data":[2,4]"#))
    #expect(answer.headers["content-encoding"] == nil)
  }

  @Test(arguments: [
    ("gzip", "gzip"), ("deflate", "deflate"), ("gzip, deflate, br", "gzip"), ("gzip;q=0.5, deflate;q=0.8", "deflate"),
    ("*", "gzip"), ("br", nil), ("identity", nil), ("gzip;q=0", nil), ("identity, gzip;q=0.5", nil), ("", nil),
    ("gzip;q=x", nil),
  ])
  func compressesAnswersAsTheClientLikes(_ accepted: String, _ coding: String?) throws {
    let answer = try post(Array(TestServer.doubling.utf8), ["Accept-Encoding: \(accepted)"])
    #expect(answer.headers["content-encoding"] == coding)
    let body = try coding.map { try inflated(answer.body, try #require(ContentCoding(rawValue: $0))) } ?? answer.body
    #expect(String(decoding: body, as: UTF8.self).contains(#""data":[2,4]"#))
  }

  /// Triton's asyncio client accepts compressed answers of every kind and reads only those of inferences.
  @Test func nothingButAnInferenceIsCompressed() throws {
    let client = try TestServer().connect()
    for path in ["/v2", "/v2/models/doubling", "/v2/models/stats", "/v2/models/unknown"] {
      client.send("GET \(path) HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n")
      let answer = try client.receive()
      #expect(answer.headers["content-encoding"] == nil && answer.text.hasPrefix("{"))
    }
    let refusal = try post(Array("{}".utf8), ["Accept-Encoding: gzip"])
    #expect(refusal.headers["content-encoding"] == nil && refusal.text.hasPrefix(#"{"error":"#))
  }

  @Test func saysWhichCodingsItKnows() throws {
    let answer = try post(Array("x".utf8), ["Content-Encoding: br"])
    #expect(answer.status == 415)
    #expect(answer.headers["accept-encoding"] == "gzip, deflate")
  }
}
