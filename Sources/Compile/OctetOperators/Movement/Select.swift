package import OctetGraph
package import OctetTensor

/// y = x where the condition holds, else z, with NumPy broadcasting; operands condition, x, z  (opset1).
package struct Select: Operator {
  package static let name = "Select"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    try operands.expectMovable(1, of: Self.name)
    guard operands[0].elementType == .boolean, operands[1].elementType == operands[2].elementType else {
      throw .mismatch(
        "operands of Select", expected: "booleans and two equal types",
        found: operands.map { "\($0.elementType)" }.joined(separator: ", "))
    }
    let values = try Broadcasting.shape(operands[1].shape, operands[2].shape)
    return [operands[1].type.with(shape: try Broadcasting.shape(operands[0].shape, values))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let conditions = operands[0].elements(as: UInt8.self)
    let condition = Broadcasting.indices(of: operands[0].shape, in: shape)
    let chosen = Broadcasting.indices(of: operands[1].shape, in: shape)
    let other = operands[2].gathering(Broadcasting.indices(of: operands[2].shape, in: shape), shape: shape)
    let places = condition.indices.filter { conditions[condition[$0]] != 0 }
    return [other.replacing(places, by: places.map { chosen[$0] }, of: operands[1])]
  }
}
