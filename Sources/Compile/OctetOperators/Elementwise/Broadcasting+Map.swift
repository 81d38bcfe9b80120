package import OctetGraph
package import OctetTensor

extension Broadcasting {
  /// The type that two operands of one element type are broadcast to.
  package static func commonType(_ operands: [Operand], of name: String) throws(OperatorError) -> TensorType {
    try operands.expect(2, of: name)
    guard operands[0].elementType == operands[1].elementType else {
      throw .mismatch(
        "element types of \(name)", expected: "equal ones",
        found: "\(operands[0].elementType) and \(operands[1].elementType)")
    }
    return operands[0].type.with(shape: try shape(operands[0].shape, operands[1].shape))
  }

  /// z[i] = body(x[i], y[i]) after both are broadcast.
  package static func map<Element, Result>(
    _ x: [Element], _ xShape: Shape, _ y: [Element], _ yShape: Shape, to shape: Shape,
    _ body: (Element, Element) -> Result
  ) -> [Result] {
    zip(indices(of: xShape, in: shape), indices(of: yShape, in: shape)).map { body(x[$0], y[$1]) }
  }
}
