import CSimdjson
import OctetTensor

/// What the body of an inference request says, before it is compared with any model.
struct InferenceBody {
  struct Input {
    let name: String
    let elementType: ElementType
    let shape: Shape
    /// The elements, from JSON or from behind it.
    let tensor: Tensor
  }

  struct Output {
    let name: String
    let isBinary: Bool?
    /// How many of the largest values are wanted, with their places, instead of all; 0 for all.
    let classes: Int
  }

  var identifier: String?
  var modelName: String?
  /// How long the client is willing to wait.
  var patience: Duration?
  /// 1 before all others; nil where the client names none.
  var priority: Int?
  /// What holds for outputs that do not say themselves.
  var prefersBinary = false
  var inputs: [Input] = []
  var outputs: [Output] = []

  /// Requests with more inputs or outputs than this are no model's.
  private static let maximumPorts = 1024

  /// Reads a body: JSON, behind whose first `headerLength` bytes raw tensors may stand.
  init(_ body: ByteBuffer, headerLength: Int?) throws(HTTPError) {
    let bytes = body.bytes
    let length = headerLength ?? bytes.count
    guard length <= bytes.count else {
      throw .badRequest(
        "Inference-Header-Content-Length is \(length), but the whole body has only \(bytes.count) bytes")
    }
    let tail = UnsafeRawBufferPointer(rebasing: bytes[length...])
    let collector = Collector(body: body, binary: ByteCursor(tail))
    try collector.read(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
    self = collector.result
    guard collector.binary.remaining == 0 else {
      throw .badRequest("the body has \(collector.binary.remaining) bytes more than its inputs need")
    }
  }

  /// Receives the parts of the JSON in the order in which they stand.
  private final class Collector: JSONCollector {
    var result = InferenceBody()
    var binary: ByteCursor
    private let body: ByteBuffer
    var refusal: HTTPError?

    init(body: ByteBuffer, binary: ByteCursor) {
      self.body = body
      self.binary = binary
    }

    func read(_ text: UnsafeRawBufferPointer) throws(HTTPError) {
      var receiver = octet_json_receiver(
        context: Unmanaged.passUnretained(self).toOpaque(),
        input: { context, input, destination in
          guard let input else { return false }
          return Collector.from(context).receive { (self) throws(HTTPError) in
            try self.add(input.pointee, filling: destination)
          }
        },
        output: { context, output in
          guard let output else { return false }
          return Collector.from(context).receive { (self) throws(HTTPError) in try self.add(output.pointee) }
        },
        envelope: { context, envelope in
          guard let envelope else { return }
          Collector.from(context).add(envelope.pointee)
        })
      try run { message, capacity in
        octet_json_read_request(text.baseAddress, text.count, &receiver, message, capacity)
      }
    }

    private func add(
      _ input: octet_json_input, filling destination: UnsafeMutablePointer<octet_json_destination>?
    ) throws(HTTPError) {
      let name = String(input.name)
      guard result.inputs.count < InferenceBody.maximumPorts else {
        throw .badRequest("the request has more than \(InferenceBody.maximumPorts) inputs")
      }
      let place = InputPlace(name: name)
      guard let elementType = ElementType(protocolName: String(input.datatype)) else {
        throw .badRequest("\(place): '\(String(input.datatype).prefix(32))' is not a datatype")
      }
      guard elementType != .string else {
        throw .badRequest("\(place): no model here takes BYTES; send numbers, or a picture as the whole body")
      }
      let extents = UnsafeBufferPointer(start: input.shape, count: input.rank).map { Int($0) }
      guard let shape = Shape(extents), let byteCount = elementType.byteCount(of: shape.elementCount) else {
        throw .badRequest("\(place): a tensor of \(elementType.protocolName) with shape \(extents) cannot be")
      }
      let tensor: Tensor
      if input.has_data {
        tensor = try tensorForNumbers(place, elementType, shape, destination)
      } else {
        tensor = try binaryTensor(place, elementType, shape, announced: input.binary_byte_count, needed: byteCount)
      }
      result.inputs.append(Input(name: name, elementType: elementType, shape: shape, tensor: tensor))
    }

    /// The tensor that the reader fills. Every number takes at least two characters, so that no shape can ask for much
    /// more memory than the body itself has.
    private func tensorForNumbers(
      _ place: InputPlace, _ elementType: ElementType, _ shape: Shape,
      _ destination: UnsafeMutablePointer<octet_json_destination>?
    ) throws(HTTPError) -> Tensor {
      guard let numberType = elementType.numberType else {
        throw .badRequest("\(place): JSON has no form for \(elementType.protocolName); send binary data")
      }
      guard shape.elementCount <= body.bytes.count / 2 + 1 else {
        throw .badRequest("\(place): the shape has \(shape.elementCount) elements, and the body is too short for them")
      }
      let (tensor, elements) = ByteBuffer.tensor(elementType, shape)
      // It is not read before the numbers are in place.
      destination?.pointee = octet_json_destination(type: numberType, elements: elements, count: shape.elementCount)
      return tensor
    }

    /// A view of the body where kernels can read that, else a copy.
    private func binaryTensor(
      _ place: InputPlace, _ elementType: ElementType, _ shape: Shape, announced: Int64, needed: Int
    ) throws(HTTPError) -> Tensor {
      guard Int(announced) == needed else {
        throw .badRequest("\(place): \(elementType.protocolName)\(shape) takes \(needed) bytes, not \(announced)")
      }
      guard let bytes = binary.next(needed) else {
        throw .badRequest("\(place): the body ends before its \(needed) bytes; \(binary.remaining) are left")
      }
      return try Tensor(elementType, shape, viewing: bytes, of: body, place: place)
    }

    private func add(_ output: octet_json_output) throws(HTTPError) {
      let name = String(output.name)
      guard result.outputs.count < InferenceBody.maximumPorts else {
        throw .badRequest("the request has more than \(InferenceBody.maximumPorts) outputs")
      }
      result.outputs.append(
        Output(name: name, isBinary: Bool(output.binary_data), classes: Int(clamping: output.classification)))
    }

    private func add(_ envelope: octet_json_envelope) {
      result.identifier = envelope.identifier.bytes == nil ? nil : String(envelope.identifier)
      result.modelName = envelope.model_name.bytes == nil ? nil : String(envelope.model_name)
      result.prefersBinary = Bool(envelope.binary_data_output) ?? false
      // A day is forever, and far from where arithmetic with time ends.
      result.patience = envelope.timeout > 0 ? .microseconds(Int64(min(envelope.timeout, 86_400_000_000))) : nil
      result.priority = envelope.priority == 0 ? nil : Int(clamping: envelope.priority)
    }
  }

  private init() {}
}

/// Where a message says that something is wrong, as a text only once there is a message.
struct InputPlace: CustomStringConvertible {
  let name: String
  var description: String { "input '\(name.prefix(64))'" }
}

extension Tensor {
  /// Bytes of a request as a tensor. They are used where they stand when they are aligned as kernels want them.
  init(
    _ elementType: ElementType, _ shape: Shape, viewing bytes: UnsafeRawBufferPointer, of body: ByteBuffer,
    place: InputPlace
  ) throws(HTTPError) {
    if elementType == .boolean, let odd = bytes.first(where: { $0 > 1 }) {
      throw .badRequest("\(place): expected BOOL bytes 0 or 1, found \(odd)")
    }
    let isAligned = Int(bitPattern: bytes.baseAddress) % 64 == 0
    if isAligned, let view = Tensor(elementType, shape, storage: TensorStorage(viewing: bytes, keeping: body)) {
      self = view
    } else {
      self.init(elementType, shape)
      withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    }
  }
}

extension String {
  init(_ text: octet_text) {
    self.init(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
  }
}

extension Bool {
  fileprivate init?(_ choice: octet_choice) {
    guard choice != OCTET_UNSAID else { return nil }
    self = choice == OCTET_YES
  }
}
