import OctetServing
import OctetTensor

/// The parts of a request's head that octet looks at. Header names are matched without case.
struct RequestHead: Sendable {
  var method: String
  /// The path as it was sent, without a query.
  var path: String
  var headers: [(name: String, value: String)]

  func values(of name: String) -> [String] { headers.filter { Self.isSame($0.name, name) }.map(\.value) }

  func value(of name: String) -> String? {
    for header in headers where Self.isSame(header.name, name) { return header.value }
    return nil
  }

  private static func isSame(_ name: String, _ other: String) -> Bool {
    name.utf8.count == other.utf8.count && name.utf8.elementsEqual(other.utf8) { $0 | 0x20 == $1 | 0x20 }
  }

  /// The type of the body in small letters, without parameters and spaces.
  var mediaType: String? {
    guard let header = value(of: "Content-Type") else { return nil }
    let letters = header.utf8.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != UInt8(ascii: " ") }
    return String(
      decoding: letters.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// Whether it asks if the server lives or is ready, which anybody may.
  var isHealthProbe: Bool { path.hasPrefix("/health/") || path.hasPrefix("/v2/health/") }

  /// Whether it asks how the server is, which has to be answered when nothing else is.
  var asksAboutServer: Bool { isHealthProbe || path == "/metrics" }

  /// Whether the client waits to be told before it sends the body.
  var expectsContinue: Bool { value(of: "Expect")?.lowercased() == "100-continue" }
}

/// A complete request on its way to a route.
struct HTTPRequest: Sendable {
  let head: RequestHead
  let body: ByteBuffer
  /// When its last byte had arrived.
  let arrival: Instant
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
