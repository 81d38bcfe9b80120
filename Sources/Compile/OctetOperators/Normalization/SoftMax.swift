package import OctetGraph
package import OctetTensor

#if canImport(Glibc)
  import Glibc
#endif

/// y = exp(x − max(x)) / Σ exp(x − max(x)) along one axis  (opset1, opset8).
package struct SoftMax: Operator {
  package static let name = "SoftMax"
  package let axis: Int

  package init(axis: Int) { self.axis = axis }

  package var attributes: String { "axis \(axis)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType.isFloatingPoint else {
      throw .mismatch("operand of SoftMax", expected: "floating point", found: "\(operands[0].elementType)")
    }
    _ = try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let axis = try Axis.normalized(axis, rank: shape.rank, of: Self.name)
    let inner = shape.count(in: axis + 1..<shape.rank)
    let extent = shape[axis]
    var values = operands[0].doubles
    for outer in 0..<shape.count(in: 0..<axis) {
      for column in 0..<inner {
        let indices = (0..<extent).map { (outer * extent + $0) * inner + column }
        let maximum = indices.map { values[$0] }.max() ?? 0
        let exponentials = indices.map { exp(values[$0] - maximum) }
        let sum = exponentials.reduce(0, +)
        for (index, exponential) in zip(indices, exponentials) { values[index] = exponential / sum }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }
}
