package import OctetGraph
package import OctetKernels
package import OctetTensor

/// y[i] = f(x[i])
package protocol ElementwiseUnary: Operator {
  func apply(_ x: Double) -> Double

  /// The kernel of this function on f32; nil runs the reference.
  var kernelOperation: UnaryF32.Operation? { get }
}

extension ElementwiseUnary {
  package var kernelOperation: UnaryF32.Operation? { nil }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType.isFloatingPoint || operands[0].elementType.isInteger else {
      throw .mismatch("operand of \(Self.name)", expected: "numbers", found: "\(operands[0].elementType)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [Tensor(operands[0].elementType, operands[0].shape, converting: operands[0].doubles.map(apply))]
  }
}
