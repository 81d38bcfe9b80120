import OctetRuntime
import OctetTensor

extension ModelSignature {
  /// The only input, taken from a body that is nothing but its bytes (`Inference-Header-Content-Length: 0`).
  ///
  ///     open extent = bytes / bytes of one row
  func tensor(fromRaw body: ByteBuffer) throws(HTTPError) -> Tensor {
    guard inputs.count == 1, let port = inputs.first else {
      throw .badRequest("a raw body is for models with one input; this one has \(inputs.count)")
    }
    guard !body.bytes.isEmpty else { throw .badRequest("input '\(port.name)': the raw body is empty") }
    var extents = port.type.shape.protocolExtents
    let open = extents.indices.filter { extents[$0] < 0 }
    guard open.count <= 1, let unit = Shape(extents.map { max($0, 1) }),
      let unitBytes = port.type.elementType.byteCount(of: unit.elementCount), unitBytes > 0
    else { throw .badRequest("input '\(port.name)': the shape of a raw body cannot be told; use a JSON header") }
    if let axis = open.first { extents[axis] = body.bytes.count / unitBytes }
    guard let shape = Shape(extents),
      port.type.elementType.byteCount(of: shape.elementCount) == body.bytes.count
    else {
      throw .badRequest(
        "input '\(port.name)' takes \(port.type.elementType.protocolName)\(port.type.shape.protocolText), "
          + "and \(body.bytes.count) bytes are none")
    }
    try port.check(port.type.elementType, shape)
    return try Tensor(
      port.type.elementType, shape, viewing: body.bytes, of: body, place: InputPlace(name: port.name))
  }
}
