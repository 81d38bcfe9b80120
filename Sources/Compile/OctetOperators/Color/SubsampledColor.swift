package import OctetGraph
package import OctetTensor

/// Pictures of a camera as red, green and blue  (NV12toRGB, NV12toBGR, I420toRGB and I420toBGR of opset8).
///
///     r = 1.164·(Y − 16) + 1.596·(V − 128)
///     g = 1.164·(Y − 16) − 0.391·(U − 128) − 0.813·(V − 128)
///     b = 1.164·(Y − 16) + 2.018·(U − 128),  each clamped to 0…255, of u8 rounded
///
/// Y has a value for each pixel, U and V one for four (ITU-R BT.601). Operands: the planes [N, height, width, 1] and
/// [N, height/2, width/2, 2] of NV12 or two [N, height/2, width/2, 1] of I420, or one [N, height·3/2, width, 1] with all of
/// them one behind the other. The result is [N, height, width, 3].
package struct SubsampledColor: Operator {
  package enum Format: String, CaseIterable, Sendable {
    /// U and V take turns.
    case nv12 = "NV12"
    /// U and V in planes of their own.
    case i420 = "I420"
  }

  package enum Order: String, CaseIterable, Sendable {
    case rgb = "RGB"
    case bgr = "BGR"
  }

  package static let name = "SubsampledColor"
  package let format: Format
  package let order: Order

  package init(_ format: Format, to order: Order) {
    self.format = format
    self.order = order
  }

  package var attributes: String { "\(format.rawValue) to \(order.rawValue)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let planes = format == .nv12 ? 2 : 3
    guard let first = operands.first, operands.count == 1 || operands.count == planes,
      operands.allSatisfy({ $0.elementType == first.elementType && $0.shape.rank == 4 }), first.shape[3].accepts(1),
      first.elementType == .u8 || first.elementType.isFloatingPoint
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "1 or \(planes) planes [N, height, width, 1] of one type",
        found: "\(operands.map(\.type))")
    }
    let (batch, width) = (first.shape[0], first.shape[2])
    var height = first.shape[1]
    if operands.count == 1 {
      guard height.fixedExtent.map({ $0 % 3 == 0 }) ?? true else {
        throw .mismatch("height of \(Self.name)", expected: "a multiple of 3", found: "\(height)")
      }
      height = try height.map { $0 / 3 * 2 }
    }
    guard (height.fixedExtent ?? 0) % 2 == 0, (width.fixedExtent ?? 0) % 2 == 0 else {
      throw .mismatch("picture of \(Self.name)", expected: "even extents", found: "\(height)×\(width)")
    }
    let quarter: [Dimension] = [
      batch, try height.map { $0 / 2 }, try width.map { $0 / 2 }, .fixed(format == .nv12 ? 2 : 1),
    ]
    for plane in operands.dropFirst() where !plane.shape.isCompatible(with: PartialShape(quarter)) {
      throw .mismatch("colours of \(Self.name)", expected: "\(PartialShape(quarter))", found: "\(plane.shape)")
    }
    return [first.type.with(shape: [batch, height, width, 3])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (height, width) = (shape[1], shape[2])
    let quarter = height / 2 * (width / 2)
    var values: [Float] = []
    values.reserveCapacity(shape.elementCount)
    let planes = operands.map(\.floats)
    for image in 0..<shape[0] {
      /// The picture's values of all planes, one behind the other.
      let all = planes.enumerated().flatMap { index, plane in
        let size = operands[index].shape.count(in: 1..<4)
        return Array(plane[image * size..<(image + 1) * size])
      }
      for row in 0..<height {
        for column in 0..<width {
          let place = row / 2 * (width / 2) + column / 2
          let (u, v) =
            format == .nv12
            ? (all[height * width + 2 * place], all[height * width + 2 * place + 1])
            : (all[height * width + place], all[height * width + quarter + place])
          values += color(all[row * width + column] - 16, u - 128, v - 128)
        }
      }
    }
    let isInteger = operands[0].elementType == .u8
    return [
      Tensor(
        operands[0].elementType, shape,
        converting: values.map { Double(isInteger ? $0.rounded() : $0) })
    ]
  }

  /// In f32: halves are common, and which way they go is decided there.
  private func color(_ y: Float, _ u: Float, _ v: Float) -> [Float] {
    let light = 1.164 * y
    let rgb = [light + 1.596 * v, light - 0.391 * u - 0.813 * v, light + 2.018 * u].map { max(0, min($0, 255)) }
    return order == .rgb ? rgb : rgb.reversed()
  }
}
