package import OctetGraph
package import OctetTensor

/// One byte everywhere, in the shape of the operand.
package struct UniformLike: ShapeFunction {
  package static let name = "UniformLike"
  package let byte: UInt8

  package init(_ byte: UInt8) { self.byte = byte }

  package var attributes: String { "\(byte)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    return [operands[0].type.with(elementType: .u8)]
  }

  package func value(_ shape: Shape) throws(OperatorError) -> Tensor {
    Tensor(.u8, shape, elements: [UInt8](repeating: byte, count: shape.elementCount))
  }
}
