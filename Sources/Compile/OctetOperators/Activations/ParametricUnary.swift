package import OctetGraph
package import OctetKernels
package import OctetTensor

/// y[i] = f(x[i]; p…) with scalar parameters p that are operands.
package protocol ParametricUnary: Operator {
  /// How many parameters may be given.
  static var parameterCounts: ClosedRange<Int> { get }
  static func apply(_ x: Double, _ parameters: [Double]) -> Double

  /// The kernel of this function on f32; nil runs the reference.
  static func kernelOperation(_ parameters: [Float]) -> UnaryF32.Operation?
}

extension ParametricUnary {
  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let counts = Self.parameterCounts
    try operands.expect((counts.lowerBound + 1)...(counts.upperBound + 1), of: Self.name)
    guard operands[0].elementType.isFloatingPoint else {
      throw .mismatch("operand of \(Self.name)", expected: "floating point", found: "\(operands[0].elementType)")
    }
    for parameter in operands.dropFirst() {
      guard parameter.elementType == operands[0].elementType, parameter.shape.fixed?.elementCount == 1 else {
        throw .mismatch(
          "parameter of \(Self.name)", expected: "one value of \(operands[0].elementType)", found: "\(parameter.type)")
      }
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let parameters = operands.dropFirst().flatMap(\.doubles)
    let values = operands[0].doubles.map { Self.apply($0, parameters) }
    return [Tensor(operands[0].elementType, operands[0].shape, converting: values)]
  }
}
