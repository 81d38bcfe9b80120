/// How a body may be compressed on its way.
///
/// Source: RFC 9110, 8.4.1; `deflate` is the zlib container of RFC 1950.
enum ContentCoding: String, CaseIterable, Sendable {
  case gzip, deflate

  /// What a request says of its own body; nil for one that is sent as it is.
  init?(of head: RequestHead) throws(HTTPError) {
    guard head.value(of: .contentEncoding) != nil else { return nil }
    let codings = head.values(of: .contentEncoding).flatMap { $0.split(separator: ",") }
      .map { $0.filter { !$0.isWhitespace }.lowercased() }.filter { $0 != "identity" && !$0.isEmpty }
    guard let name = codings.first else { return nil }
    guard codings.count == 1, let coding = ContentCoding(rawValue: name == "x-gzip" ? "gzip" : name) else {
      throw HTTPError(
        415, "Content-Encoding '\(codings.joined(separator: ", ").prefix(32))' is not supported; send gzip or deflate",
        acceptEncoding: "gzip, deflate")
    }
    self = coding
  }

  /// The coding that the client would like best for the answer, or nil where that is none.
  ///
  /// Source: RFC 9110, 12.5.3. Of two that are equally welcome the first of `allCases` is taken.
  static func preferred(by head: RequestHead) -> ContentCoding? {
    guard head.value(of: .acceptEncoding) != nil else { return nil }
    var weights: [Substring: Double] = [:]
    for choice in head.values(of: .acceptEncoding).joined(separator: ",").split(separator: ",") {
      let parts = choice.filter { !$0.isWhitespace }.lowercased().split(separator: ";")
      guard let name = parts.first else { continue }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
      weights[name] = weight ?? 1
    }
    func weight(_ coding: ContentCoding) -> Double { weights[Substring(coding.rawValue)] ?? weights["*"] ?? 0 }
    guard let best = allCases.max(by: { weight($0) < weight($1) }) else { return nil }
    return weight(best) > 0 && weight(best) >= weights["identity"] ?? 0 ? best : nil
  }
}

extension RouteRequest {
  /// The body without its compression.
  ///
  /// - Parameter alignedOffset: the byte of it that should stand at a multiple of 64.
  func plainBody(alignedOffset: Int = 0) throws(HTTPError) -> ByteBuffer {
    guard let coding = try ContentCoding(of: http.head) else { return http.body }
    return try Inflation.plain(
      http.body.bytes, coding, limit: context.options.bodyByteCount, alignedOffset: alignedOffset)
  }
}

extension HTTPResponse {
  /// Compresses the body, if that makes it smaller.
  mutating func compress(as coding: ContentCoding) {
    guard let smaller = Deflation.compressed(body.map(\.bytes), coding) else { return }
    body = [.buffer(smaller)]
    headers.append(("Content-Encoding", coding.rawValue))
  }
}
