import Testing

@testable import OctetHTTP

private func head(method: String = "POST", _ headers: [(name: String, value: String)]) -> RequestHead {
  RequestHead(method: method, path: "/infer", headers: headers)
}

extension RequestAssembler {
  fileprivate mutating func append(_ piece: [UInt8]) throws {
    let buffer = ByteBuffer(capacity: piece.count)
    for byte in piece { withUnsafeBytes(of: byte) { buffer.append($0) } }
    try append(buffer.bytes)
  }
}

@Suite struct RequestAssemblerTests {
  @Test func joinsPiecesAndClearsWhatIsBehindThem() throws {
    var assembler = try RequestAssembler(head: head([("content-length", "5")]), bodyLimit: 5)
    for piece in ["ab", "cde"] { try assembler.append(Array(piece.utf8)) }
    let body = assembler.finish()
    #expect(Array(body.bytes) == Array("abcde".utf8))
    let behind = UnsafeRawBufferPointer(start: body.bytes.baseAddress.map { $0 + 5 }, count: ByteBuffer.padding)
    #expect(behind.allSatisfy { $0 == 0 })
  }

  @Test func rawTensorsStandAlignedBehindTheirHeader() throws {
    let headers = [(name: "Content-Length", value: "4"), (name: "inference-header-content-length", value: "3")]
    let assembler = try RequestAssembler(head: head(headers), bodyLimit: 10)
    #expect(Int(bitPattern: assembler.finish().bytes.baseAddress) % 64 == 61)
  }

  static let refused: [(headers: [(name: String, value: String)], status: Int)] = [
    ([], 411),
    ([("Content-Length", "11")], 413),
    ([("Content-Length", "99999999999999999999999999")], 413),
    ([("Content-Length", "-1")], 400),
    ([("Content-Length", "+1")], 400),
    ([("Content-Length", "1 ")], 400),
    ([("Content-Length", "")], 400),
    ([("Content-Length", "5, 5")], 400),
    ([("Content-Length", "5"), ("content-length", "6")], 400),
    ([("Content-Length", "5"), ("Transfer-Encoding", "chunked")], 400),
    ([("Transfer-Encoding", "gzip, chunked")], 400),
    ([("Transfer-Encoding", "xchunked")], 400),
    ([("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], 400),
    ([("Content-Length", "5"), ("Inference-Header-Content-Length", "-1")], 400),
    ([("Content-Length", "5"), ("Inference-Header-Content-Length", "x")], 400),
  ]

  @Test(arguments: refused.indices)
  func refusesHeadsThatSayTheLengthBadly(_ index: Int) throws {
    let (headers, status) = Self.refused[index]
    let error = try #require(throws: HTTPError.self) {
      try RequestAssembler(head: head(headers), bodyLimit: 10)
    }
    #expect(error.status == status, "\(headers)")
  }

  @Test func aGETNeedsNoLength() throws {
    #expect(try RequestAssembler(head: head(method: "GET", []), bodyLimit: 10).announcedLength == 0)
  }

  @Test func aChunkedBodyEndsAtTheLimit() throws {
    var assembler = try RequestAssembler(head: head([("Transfer-Encoding", "Chunked")]), bodyLimit: 3)
    let piece: [UInt8] = [1, 2]
    try assembler.append(piece)
    let error = try #require(throws: HTTPError.self) { try assembler.append(piece) }
    #expect(error.status == 413)
  }

  @Test func aBodyInVeryManyPiecesIsRefused() throws {
    var assembler = try RequestAssembler(head: head([("Transfer-Encoding", "chunked")]), bodyLimit: 1 << 20)
    let piece: [UInt8] = [1]
    for _ in 0..<RequestAssembler.maximumPieces { try assembler.append(piece) }
    #expect(throws: HTTPError.self) { try assembler.append(piece) }
  }
}
