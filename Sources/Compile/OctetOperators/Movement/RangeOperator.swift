package import OctetGraph
package import OctetTensor

/// Range: start, start + step, … up to but without stop; operands start, stop and step  (opset1, opset4).
package struct RangeOperator: Operator {
  package static let name = "Range"
  /// Nil for opset1, whose result has the type of the operands.
  package let outputType: ElementType?

  package init(outputType: ElementType?) { self.outputType = outputType }

  package var attributes: String { outputType.map { "\($0)" } ?? "" }

  /// The bounds; for whole results without their fractions.
  private func bounds(_ operands: [Operand], _ type: ElementType) throws(OperatorError) -> [Double]? {
    var bounds: [Double] = []
    for operand in operands {
      guard operand.shape.fixed?.elementCount == 1, operand.elementType != .string else {
        throw .mismatch("operands of Range", expected: "single numbers", found: "\(operand.type)")
      }
      guard let value = operand.constant?.doubles.first else { return nil }
      bounds.append(type.isFloatingPoint ? value : value.rounded(.towardZero))
    }
    return bounds
  }

  /// ⌈(stop − start) / step⌉, or 0.
  private func count(_ bounds: [Double]) throws(OperatorError) -> Int {
    let count = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
    guard bounds.allSatisfy(\.isFinite), bounds[2] != 0, count <= Double(Shape.maximumElementCount) else {
      throw .mismatch("operands of Range", expected: "finite bounds and a step other than 0", found: "\(bounds)")
    }
    return Int(max(0, count))
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let type = outputType ?? operands[0].elementType
    guard type.isByteAddressable, type != .boolean else {
      throw .mismatch("result of Range", expected: "numbers", found: "\(type)")
    }
    let bounds = try bounds(operands, type)
    return [
      TensorType(type, [try bounds.map { (known) throws(OperatorError) in .fixed(try count(known)) } ?? .dynamic])
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let type = outputType ?? operands[0].elementType
    guard let bounds = try bounds(operands.known, type) else {
      throw OperatorError("the bounds of Range are not known")
    }
    let count = try count(bounds)
    let values = (0..<count).map { bounds[0] + Double($0) * bounds[2] }
    return [Tensor(type, Shape(valid: [count]), converting: values)]
  }
}
