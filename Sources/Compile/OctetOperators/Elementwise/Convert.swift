package import OctetGraph
package import OctetTensor

/// The same numbers in another element type: floats round to nearest even, integers drop the fraction  (opset1).
package struct Convert: Operator {
  package static let name = "Convert"
  package static let readsPackedElements = true
  package let destination: ElementType

  package init(to destination: ElementType) throws(OperatorError) {
    guard destination.isByteAddressable else {
      throw .mismatch("destination of Convert", expected: "a type of 8 bits or more", found: "\(destination)")
    }
    self.destination = destination
  }

  package var attributes: String { "to \(destination)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType != .string else {
      throw .mismatch("operand of Convert", expected: "numbers", found: "strings")
    }
    return [operands[0].type.with(elementType: destination)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let source = operands[0]
    if source.elementType == destination { return [source] }
    // 64-bit integers would lose their low bits on the way through f64.
    if let integers = source.elementType.isInteger ? source.integers : nil, [.i64, .u64].contains(destination) {
      return [Tensor(destination, source.shape, elements: integers.map(Int64.init))]
    }
    return [Tensor(destination, source.shape, converting: source.doubles)]
  }
}
