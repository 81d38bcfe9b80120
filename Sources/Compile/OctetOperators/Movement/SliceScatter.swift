package import OctetGraph
package import OctetTensor

/// A copy of x in which a slice is replaced by updates; operands x, updates, and bounds as those of Slice  (opset15).
package struct SliceScatter: Operator {
  package static let name = "SliceScatter"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(5...6, of: Self.name)
    let slice = try Slice().resultTypes([operands[0]] + operands[2...])[0]
    guard operands[1].elementType == operands[0].elementType, slice.shape.isCompatible(with: operands[1].shape)
    else {
      throw .mismatch("updates of \(Self.name)", expected: "\(slice)", found: "\(operands[1].type)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let x = operands[0]
    // The slice of the elements' numbers says where the updates go.
    let numbers = Tensor(.i64, x.shape, elements: (0..<x.elementCount).map(Int64.init))
    let places = try Slice().evaluate([numbers] + operands[2...])[0]
    guard places.shape == operands[1].shape else {
      throw .mismatch("updates of \(Self.name)", expected: "\(places.shape)", found: "\(operands[1].shape)")
    }
    let targets = places.elements(as: Int64.self).map { Int($0) }
    return [x.replacing(targets, by: Array(targets.indices), of: operands[1])]
  }
}
