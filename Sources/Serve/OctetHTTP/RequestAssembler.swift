/// Turns the pieces of a request into one body, or refuses it. Knows nothing of sockets.
///
///     head → (refused | pieces… → complete body)
///
/// Chunked bodies are taken: clients that stream cannot say a length. They cost no more than others, because their size
/// and the number of their pieces are bounded.
struct RequestAssembler {
  /// A body cut into more pieces than this is no client's, but an attempt to keep the server busy.
  static let maximumPieces = 65_536

  /// The length that the head announces, or nil for a chunked body.
  let announcedLength: Int?
  private let limit: Int
  private let body: ByteBuffer
  private var pieces = 0

  init(head: RequestHead, bodyLimit: Int) throws(HTTPError) {
    limit = bodyLimit
    announcedLength = try Self.announcedLength(in: head)
    if let announcedLength, announcedLength > limit { throw Self.tooLarge(limit) }
    // Only address space is taken in advance; memory follows as the body comes in. Raw tensors begin behind the JSON
    // header, which is placed so that the first of them can be used where it stands.
    body = ByteBuffer(capacity: announcedLength ?? 65_536, alignedOffset: try head.inferenceHeaderLength ?? 0)
  }

  mutating func append(_ piece: UnsafeRawBufferPointer) throws(HTTPError) {
    pieces += 1
    guard piece.count <= limit - body.count else { throw Self.tooLarge(limit) }
    guard announcedLength != nil || pieces <= Self.maximumPieces else {
      throw .badRequest("the body comes in more than \(Self.maximumPieces) pieces")
    }
    body.append(piece)
  }

  /// The whole body. The padding behind it is clear.
  func finish() -> ByteBuffer {
    body.clearPadding()
    return body
  }

  /// How the body is delimited. Two ways at once are how requests are smuggled past a proxy.
  private static func announcedLength(in head: RequestHead) throws(HTTPError) -> Int? {
    let encoding = head.value(of: .transferEncoding)
    let length = head.value(of: .contentLength)
    guard encoding == nil || length == nil else {
      throw .badRequest("the request has both Transfer-Encoding and Content-Length")
    }
    if let encoding {
      guard head.count(of: .transferEncoding) == 1, encoding.lowercased() == "chunked" else {
        throw .badRequest("the only Transfer-Encoding that is known here is chunked")
      }
      return nil
    }
    guard let length else {
      if head.method == "POST" { throw HTTPError(411, "say how long the body is with Content-Length") }
      return 0
    }
    guard head.count(of: .contentLength) == 1, !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else {
      throw .badRequest("Content-Length has to be one whole number")
    }
    // More digits than an Int holds is a number all the same, and too large.
    return Int(length) ?? Int.max
  }

  private static func tooLarge(_ limit: Int) -> HTTPError {
    HTTPError(413, "the body is larger than the \(limit) bytes that are allowed")
  }
}

extension RequestHead {
  /// The length of the JSON before the tensors, where the request has raw tensors.
  var inferenceHeaderLength: Int? {
    get throws(HTTPError) {
      guard let text = value(of: .inferenceHeaderLength) else { return nil }
      guard let length = Int(text), length >= 0 else {
        throw .badRequest("Inference-Header-Content-Length: expected a whole number, found '\(text.prefix(32))'")
      }
      return length
    }
  }
}
