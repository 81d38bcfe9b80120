package import OctetGraph
package import OctetTensor

/// z = x · 2^y or ⌊x / 2^y⌋ on the bits of integers, with NumPy broadcasting  (opset15).
package struct BitwiseShift: Operator {
  package enum Direction: String, Sendable {
    case left, right
  }

  package static let name = "BitwiseShift"
  package let direction: Direction

  package init(_ direction: Direction) { self.direction = direction }

  package var attributes: String { direction.rawValue }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let type = try Broadcasting.commonType(operands, of: Self.name)
    guard type.elementType.isInteger, type.elementType.isByteAddressable else {
      throw .mismatch("operands of \(Self.name)", expected: "integers", found: "\(type.elementType)")
    }
    return [type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (x, y) = (operands[0].bitPatterns, operands[1].bitPatterns)
    let isUnsigned = operands[0].elementType == .u64
    // Swift's shifts take any distance: what leaves the word is gone.
    let result = Broadcasting.map(x, operands[0].shape, y, operands[1].shape, to: shape) { value, distance in
      switch direction {
      case .left: value << distance
      case .right: isUnsigned ? Int64(bitPattern: UInt64(bitPattern: value) >> distance) : value >> distance
      }
    }
    return [Tensor(operands[0].elementType, shape, bitPatterns: result)]
  }
}
