package import OctetGraph
package import OctetTensor

extension Operator {
  /// The shape of the first result for these operand values.
  package func fixedResultShape(_ operands: [Tensor]) throws(OperatorError) -> Shape {
    let types = try resultTypes(operands.map { Operand(type: $0.type, constant: $0) })
    guard let shape = types.first?.shape.fixed else {
      throw OperatorError("the result of \(Self.name) has no fixed shape")
    }
    return shape
  }
}
