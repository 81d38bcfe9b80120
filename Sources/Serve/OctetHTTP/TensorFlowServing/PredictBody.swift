import CSimdjson
import Glibc
import FoundationEssentials
import OctetImages
import OctetRuntime
import OctetServing
import OctetTensor

/// The body of a predict request, read for one model.
struct PredictBody {
  /// How a request is arranged, and so its answer.
  enum Layout: Hashable {
    /// `instances`, and how many.
    case rows(Int)
    /// `inputs`.
    case columns
  }

  /// The tensors in the model's order.
  private(set) var tensors: [Tensor] = []
  private(set) var layout = Layout.columns

  init(_ body: ByteBuffer, for model: ServedModel, options: HTTPServerOptions) throws(HTTPError) {
    let collector = Collector(model, options)
    try collector.read(body)
    tensors = collector.tensors
    layout = collector.layout
  }

  /// Receives the inputs as the reader comes upon them.
  private final class Collector: JSONCollector {
    private let model: ServedModel
    private let options: HTTPServerOptions
    private var signature: ModelSignature { model.signature }
    var tensors: [Tensor] = []
    var layout = Layout.columns
    /// Rows of each input that came as base64.
    private var rows: [[Tensor]]
    private var rowByteCount = 0
    var refusal: HTTPError?

    init(_ model: ServedModel, _ options: HTTPServerOptions) {
      self.model = model
      self.options = options
      rows = model.signature.inputs.map { _ in [] }
    }

    func read(_ body: ByteBuffer) throws(HTTPError) {
      var receiver = octet_predict_receiver(
        context: Unmanaged.passUnretained(self).toOpaque(),
        encoded: { context, port, base64 in
          Collector.from(context).receive { (self) throws(HTTPError) in try self.add(base64, to: port) }
        },
        tensor: { context, port, tensor in
          guard let tensor else { return false }
          return Collector.from(context).receive { (self) throws(HTTPError) in
            try self.add(tensor.pointee, as: port)
          }
        },
        envelope: { context, envelope in
          guard let envelope else { return false }
          return Collector.from(context).receive { (self) throws(HTTPError) in try self.finish(envelope.pointee) }
        })
      defer { withExtendedLifetime(body) {} }
      try run { message, capacity in
        PredictPorts(signature).withUnsafePorts { ports in
          octet_json_read_predict(
            body.bytes.baseAddress, body.bytes.count, ports.baseAddress, ports.count, &receiver, message, capacity)
        }
      }
    }

    /// One row of an input that came as a picture, where the model takes pictures, or as the bytes of its elements,
    /// little-endian.
    private func add(_ base64: octet_text, to index: Int) throws(HTTPError) {
      let port = signature.inputs[index]
      let text = Data(bytes: UnsafeRawPointer(base64.bytes), count: base64.length)
      guard let bytes = Data(base64Encoded: text) else { throw .badRequest("input '\(port.name)': b64 is not base64") }
      let row: Tensor
      if let picture = try picture(bytes) { row = picture } else { row = try port.row(of: bytes) }
      // Pictures of a hundred bytes each become tensors as large as any.
      rowByteCount += row.byteCount
      guard rowByteCount <= options.bodyByteCount || rows.allSatisfy(\.isEmpty) else {
        throw HTTPError(
          413, "input '\(port.name)': its rows take more than the \(options.bodyByteCount) bytes that a body may have")
      }
      rows[index].append(row)
    }

    private func picture(_ bytes: Data) throws(HTTPError) -> Tensor? {
      guard model.source.picture != nil else { return nil }
      let buffer = ByteBuffer(capacity: bytes.count)
      bytes.withUnsafeBytes { buffer.append($0) }
      guard ImageFormat(of: buffer.bytes) != nil else { return nil }
      defer { withExtendedLifetime(buffer) {} }
      return try PictureInference.tensor(of: buffer.bytes, for: model, options: options)
    }

    /// An input that came as numbers; its memory is taken over.
    private func add(_ read: octet_json_tensor, as index: Int) throws(HTTPError) {
      let owner = MallocMemory(read.elements)
      let port = signature.inputs[index]
      guard rows[index].isEmpty else {
        tensors.append(try port.joined(rows[index]))
        return
      }
      let extents = UnsafeBufferPointer(start: read.shape, count: read.rank).map { Int($0) }
      guard let shape = Shape(extents), shape.elementCount == read.count else {
        throw .badRequest("input '\(port.name)': a tensor of shape \(extents) cannot be")
      }
      try port.check(port.type.elementType, shape)
      tensors.append(port.tensor(of: owner, shape))
    }

    private func finish(_ envelope: octet_predict_envelope) throws(HTTPError) {
      let name = String(envelope.signature_name)
      guard name.isEmpty || name == SignatureMetadata.signatureName else {
        throw .badRequest(
          "there is no signature '\(name.prefix(64))'; the model has '\(SignatureMetadata.signatureName)'")
      }
      layout = envelope.is_row ? .rows(envelope.row_count) : .columns
    }
  }
}

/// Memory from C, given back when nobody looks at it any more.
private final class MallocMemory {
  let elements: UnsafeMutableRawPointer?
  init(_ elements: UnsafeMutableRawPointer?) { self.elements = elements }
  deinit { free(elements) }
}

/// The inputs of a model as the reader wants them. Their names and shapes stay in place during a call.
private struct PredictPorts {
  private let ports: [(name: [CChar], type: octet_number_type, shape: [Int64])]

  init(_ signature: ModelSignature) {
    ports = signature.inputs.map { port in
      (
        Array(port.name.utf8.map(CChar.init(bitPattern:))), port.type.elementType.readType,
        port.type.shape.protocolExtents.map { Int64($0) }
      )
    }
  }

  func withUnsafePorts<R>(_ body: (UnsafeBufferPointer<octet_json_port>) -> R) -> R {
    var names: [CChar] = []
    var shapes: [Int64] = []
    for port in ports {
      names += port.name
      shapes += port.shape
    }
    return names.withUnsafeBufferPointer { names in
      shapes.withUnsafeBufferPointer { shapes in
        var nameStart = 0
        var shapeStart = 0
        let described = ports.map { port in
          defer {
            nameStart += port.name.count
            shapeStart += port.shape.count
          }
          return octet_json_port(
            name: octet_text(bytes: names.baseAddress.map { $0 + nameStart }, length: port.name.count),
            type: port.type, shape: shapes.baseAddress.map { $0 + shapeStart }, rank: port.shape.count)
        }
        return described.withUnsafeBufferPointer(body)
      }
    }
  }
}

extension ElementType {
  /// As what JSON is read: types of 16-bit floats come as f32 and are rounded afterwards.
  fileprivate var readType: octet_number_type { numberType ?? OCTET_NUMBER_F32 }
}

extension Port {
  /// Numbers that have been read as `readType`.
  fileprivate func tensor(of memory: MallocMemory, _ shape: Shape) -> Tensor {
    let readType: ElementType = type.elementType.numberType == nil ? .f32 : type.elementType
    let bytes = UnsafeRawBufferPointer(
      start: memory.elements, count: readType.byteCount(of: shape.elementCount) ?? 0)
    guard let read = Tensor(readType, shape, storage: TensorStorage(viewing: bytes, keeping: memory)) else {
      preconditionFailure("\(bytes.count) bytes are no \(readType)\(shape)")
    }
    return readType == type.elementType ? read : Tensor(type.elementType, shape, converting: read.doubles)
  }

  /// The extents of one row, whose bytes are `byteCount`; an open one is whatever they leave.
  fileprivate func row(of bytes: Data) throws(HTTPError) -> Tensor {
    var extents = type.shape.protocolExtents
    if !extents.isEmpty { extents[0] = 1 }
    let open = extents.indices.filter { extents[$0] < 0 }
    let unit = Shape(extents.map { max($0, 1) }).flatMap { type.elementType.byteCount(of: $0.elementCount) } ?? 0
    if let axis = open.first, open.count == 1, unit > 0 { extents[axis] = bytes.count / unit }
    guard let shape = Shape(extents), type.elementType.byteCount(of: shape.elementCount) == bytes.count else {
      throw .badRequest(
        "input '\(name)': b64 has \(bytes.count) bytes, and a row of \(type.elementType.protocolName)"
          + "\(type.shape.protocolText) does not")
    }
    var tensor = Tensor(type.elementType, shape)
    tensor.withUnsafeMutableBytes { _ = bytes.copyBytes(to: $0) }
    return tensor
  }

  /// Rows as one tensor.
  fileprivate func joined(_ rows: [Tensor]) throws(HTTPError) -> Tensor {
    guard let first = rows.first, rows.allSatisfy({ $0.shape == first.shape }) else {
      throw .badRequest("input '\(name)': the rows differ in size")
    }
    guard rows.count > 1 else { return first }
    guard let shape = Shape([rows.count] + first.shape.extents.dropFirst()), first.shape.rank > 0 else {
      throw .badRequest("input '\(name)' takes no \(rows.count) rows")
    }
    try check(type.elementType, shape)
    var tensor = Tensor(type.elementType, shape)
    tensor.withUnsafeMutableBytes { joined in
      for (index, row) in rows.enumerated() {
        row.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: joined[(index * bytes.count)...]).copyMemory(from: bytes)
        }
      }
    }
    return tensor
  }
}
