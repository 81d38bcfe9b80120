import OctetServing
import OctetTensor

/// The fields of a request's head that octet looks at.
enum HeaderField: String, CaseIterable, Sendable {
  case acceptEncoding = "Accept-Encoding"
  case authorization = "Authorization"
  case contentEncoding = "Content-Encoding"
  case contentLength = "Content-Length"
  case contentType = "Content-Type"
  case expect = "Expect"
  case host = "Host"
  case inferenceHeaderLength = "Inference-Header-Content-Length"
  case transferEncoding = "Transfer-Encoding"

  private static let names = allCases.map { (field: $0, letters: Array($0.rawValue.utf8)) }

  /// The field of this name, whose case does not matter; nil for one that nobody here asks for.
  init?(named name: UnsafeBufferPointer<UInt8>) {
    let known = Self.names.first { known in
      known.letters.count == name.count && known.letters.elementsEqual(name) { $0 | 0x20 == $1 | 0x20 }
    }
    guard let known else { return nil }
    self = known.field
  }
}

/// The parts of a request's head that octet looks at.
struct RequestHead: Sendable {
  let method: String
  /// The path as it was sent, without a query.
  let path: String
  private var fields: [(field: HeaderField, value: String)] = []
  /// Whether a field is one that servers on the way may take for another.
  private(set) var hasMalformedField = false

  /// - Parameter target: a path, or a whole address as it is sent to proxies (RFC 9112, 3.2.2); without a query.
  init(method: String, target: String) {
    self.method = method
    path = target.utf8.first == UInt8(ascii: "/") ? target : Self.path(ofAddress: target)
    fields.reserveCapacity(8)
  }

  /// `http://host:port/path` ⇒ `/path`; anything else stays as it is.
  private static func path(ofAddress target: String) -> String {
    guard let colon = target.firstIndex(of: ":"), ["http", "https"].contains(target[..<colon].lowercased()),
      target[colon...].hasPrefix("://")
    else { return target }
    let rest = target[target.index(colon, offsetBy: 3)...]
    return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
  }

  mutating func add(_ field: HeaderField, _ value: String) { fields.append((field, value)) }

  /// Takes a field as it was sent.
  ///
  /// Source: RFC 9112, 5.1 for space before the colon; RFC 9110, 5.5 for characters in values.
  mutating func add(name: UnsafeBufferPointer<UInt8>, value: UnsafeRawBufferPointer) {
    if name.last.map({ $0 <= UInt8(ascii: " ") }) ?? true || value.contains(UInt8(ascii: "\r")) || value.contains(0) {
      hasMalformedField = true
    }
    guard let field = HeaderField(named: name) else { return }
    add(field, String(decoding: value, as: UTF8.self))
  }

  func values(of field: HeaderField) -> [String] { fields.filter { $0.field == field }.map(\.value) }

  /// How often a field stands there.
  func count(of field: HeaderField) -> Int { fields.reduce(0) { $1.field == field ? $0 + 1 : $0 } }

  /// The first value of a field.
  func value(of field: HeaderField) -> String? {
    for known in fields where known.field == field { return known.value }
    return nil
  }

  /// The type of the body in small letters, without parameters and spaces.
  var mediaType: String? {
    guard let header = value(of: .contentType) else { return nil }
    // As nearly every client spells it.
    guard header != "application/json" else { return header }
    let letters = header.utf8.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != UInt8(ascii: " ") }
    return String(
      decoding: letters.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// Whether it asks if the server lives or is ready, which anybody may.
  var isHealthProbe: Bool { path.hasPrefix("/health/") || path.hasPrefix("/v2/health/") }

  /// Whether it asks how the server is, which has to be answered when nothing else is.
  var asksAboutServer: Bool { isHealthProbe || path == "/metrics" }

  /// Whether the client waits to be told before it sends the body.
  var expectsContinue: Bool { value(of: .expect)?.lowercased() == "100-continue" }
}

/// A complete request on its way to a route.
struct HTTPRequest: Sendable {
  let head: RequestHead
  let body: ByteBuffer
  /// When its last byte had arrived.
  let arrival: Instant
  /// Whether the thread that it came in on is the one that answers for the server's health, and has to be free for that.
  let isOnProbeThread: Bool
  let isAbandoned: @Sendable () -> Bool
}

/// An answer. Its body is sent as it stands: tensors are not copied.
struct HTTPResponse: Sendable {
  enum Part: Sendable {
    case buffer(ByteBuffer)
    case tensor(Tensor)

    var bytes: UnsafeRawBufferPointer {
      switch self {
      case .buffer(let buffer): buffer.bytes
      case .tensor(let tensor): UnsafeRawBufferPointer(start: tensor.storage.base, count: tensor.byteCount)
      }
    }
  }

  var status = 200
  var contentType = "application/json"
  var headers: [(name: String, value: String)] = []
  var body: [Part]

  var byteCount: Int { body.reduce(0) { $0 + $1.bytes.count } }

  init(status: Int = 200, contentType: String = "application/json", text: String) {
    let buffer = ByteBuffer(capacity: text.utf8.count)
    buffer.append(text)
    self.init(status: status, contentType: contentType, body: [.buffer(buffer)])
  }

  init(status: Int = 200, contentType: String = "application/json", body: [Part]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  init(status: Int = 200, json: JSONValue) {
    let buffer = ByteBuffer()
    json.write(to: buffer)
    self.init(status: status, body: [.buffer(buffer)])
  }
}
