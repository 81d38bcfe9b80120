import OctetImages
import OctetRuntime
import OctetTensor

extension Infer {
  /// The forms of a body: JSON, also with raw tensors behind it; nothing but one raw tensor; a picture.
  enum Body {
    case described(InferenceBody)
    case raw(ByteBuffer)
    case picture(ByteBuffer)

    init(_ request: RouteRequest) throws(HTTPError) {
      let head = request.http.head
      try Self.checkContent(of: head)
      let headerLength = try head.inferenceHeaderLength
      let body = try request.plainBody(alignedOffset: headerLength ?? 0)
      if headerLength == 0 {
        self = .raw(body)
      } else if headerLength == nil, head.announcesPicture || ImageFormat(of: body.bytes) != nil {
        // No JSON begins like a picture does, so that curl need not be told what it sends.
        self = .picture(body)
      } else {
        self = .described(try InferenceBody(body, headerLength: headerLength))
      }
    }

    private static let acceptedTypes =
      ["application/json", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"]
      + RequestHead.pictureTypes

    var modelName: String? {
      if case .described(let body) = self { body.modelName } else { nil }
    }

    var patience: Duration? {
      if case .described(let body) = self { body.patience } else { nil }
    }

    var priority: Int? {
      if case .described(let body) = self { body.priority } else { nil }
    }

    /// The tensors in the model's order, and what the client wants back.
    func prepare(for signature: ModelSignature) throws(HTTPError) -> ([Tensor], ResponseFormat) {
      switch self {
      case .described(let body): return (try body.tensors(for: signature), try body.format(for: signature))
      case .raw(let bytes):
        let outputs = signature.outputs.indices.map { ResponseFormat.Output(index: $0, isBinary: true) }
        return ([try signature.tensor(fromRaw: bytes)], ResponseFormat(identifier: nil, outputs: outputs))
      case .picture:
        throw .badRequest("a picture is no tensor")
      }
    }

    /// A type is not required, and what curl and browsers say unasked is let pass. Other types cannot be a request.
    private static func checkContent(of head: RequestHead) throws(HTTPError) {
      guard let type = head.mediaType else { return }
      guard type.isEmpty || acceptedTypes.contains(type) || type.hasSuffix("+json") else {
        throw HTTPError(
          415, "Content-Type '\(type.prefix(64))' is not supported; send application/json, image/jpeg or image/png")
      }
    }
  }
}

extension RequestHead {
  static let pictureTypes = ["image/jpeg", "image/png"]

  fileprivate var announcesPicture: Bool {
    mediaType.map(Self.pictureTypes.contains) ?? false
  }
}
