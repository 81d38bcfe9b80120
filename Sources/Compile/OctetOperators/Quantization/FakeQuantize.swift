package import OctetGraph
package import OctetTensor

/// Quantizes and dequantizes in one step  (opset1).
///
///     y = outputLow                                                      x ≤ min(inputLow, inputHigh)
///     y = outputHigh                                                     x > max(inputLow, inputHigh)
///     y = round((x − inputLow) / (inputHigh − inputLow) · (levels − 1))
///           / (levels − 1) · (outputHigh − outputLow) + outputLow        otherwise, ties to even
///
/// Operands: x, inputLow, inputHigh, outputLow, outputHigh; the ranges broadcast to x.
package struct FakeQuantize: Operator {
  package static let name = "FakeQuantize"
  package let levels: Int

  package init(levels: Int) throws(OperatorError) {
    guard (2...65536).contains(levels) else {
      throw .mismatch("levels of FakeQuantize", expected: "2 to 65536", found: "\(levels)")
    }
    self.levels = levels
  }

  package var attributes: String { "levels \(levels)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(5, of: Self.name)
    for operand in operands where !operand.elementType.isFloatingPoint {
      throw .mismatch("operands of FakeQuantize", expected: "floating point", found: "\(operand.elementType)")
    }
    for range in operands.dropFirst() {
      if let bounds = range.constant?.doubles, let bound = bounds.first(where: { !$0.isFinite }) {
        throw .mismatch("ranges of FakeQuantize", expected: "finite bounds", found: "\(bound)")
      }
      // Ranges may not stretch x.
      let shape = try Broadcasting.shape(operands[0].shape, range.shape)
      guard shape.rank == operands[0].shape.rank else {
        throw .mismatch(
          "ranges of FakeQuantize", expected: "at most rank \(operands[0].shape.rank)", found: "\(range.shape)")
      }
      for (stretched, own) in zip(shape.dimensions, operands[0].shape.dimensions)
      where own.fixedExtent != nil && stretched != own {
        throw .mismatch(
          "ranges of FakeQuantize", expected: "extents of \(operands[0].shape) or 1", found: "\(range.shape)")
      }
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let x = operands[0].doubles
    let ranges = operands.dropFirst().map { operand in
      (
        values: operand.doubles,
        indices: operand.elementCount == 1 ? nil : Broadcasting.indices(of: operand.shape, in: shape)
      )
    }
    func range(_ which: Int, at index: Int) -> Double { ranges[which].values[ranges[which].indices?[index] ?? 0] }
    let y = x.indices.map { index in
      Self.apply(
        x[index], inputLow: range(0, at: index), inputHigh: range(1, at: index), outputLow: range(2, at: index),
        outputHigh: range(3, at: index), levels: levels)
    }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }

  /// Where it was not turned into a quantizer and a dequantization: why.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    .refused(refusal(operands))
  }

  /// Why no byte holds its steps.
  package func refusal(_ operands: [Operand]) -> String {
    let bounds = operands.dropFirst().compactMap(\.constant)
    if levels > 256 { return "it has \(levels) levels, and a byte holds 256" }
    if bounds.count < 4 { return "its ranges are not constant" }
    let isForward = zip(bounds[0].doubles, bounds[1].doubles).allSatisfy { $0 < $1 }
    if bounds[0].shape == bounds[1].shape, !isForward { return "its input range is empty or turned around" }
    return "its ranges differ along other axes than the channels"
  }

  /// The definition, for one element. What is not a number becomes `outputLow`, as in OpenVINO.
  static func apply(
    _ x: Double, inputLow: Double, inputHigh: Double, outputLow: Double, outputHigh: Double, levels: Int
  ) -> Double {
    guard x > min(inputLow, inputHigh) else { return outputLow }
    guard x <= max(inputLow, inputHigh) else { return outputHigh }
    let steps = Double(levels - 1)
    let step = ((x - inputLow) / (inputHigh - inputLow) * steps).rounded(.toNearestOrEven)
    return step / steps * (outputHigh - outputLow) + outputLow
  }
}
