import Glibc
package import OctetGraph
package import OctetTensor

/// y = x − max(x) − ln Σ exp(x − max(x)) along one axis  (opset5).
package struct LogSoftmax: Operator {
  package static let name = "LogSoftmax"
  package let axis: Int

  package init(axis: Int) { self.axis = axis }

  package var attributes: String { "axis \(axis)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    try operands.expectNormalizable(of: Self.name)
    _ = try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
    var values = operands[0].doubles
    for group in ReduceMax.groups(operands[0].shape, axes: [axis]) {
      let maximum = group.reduce(-Double.infinity) { max($0, values[$1]) }
      let logarithm = log(group.reduce(0) { $0 + exp(values[$1] - maximum) })
      for index in group { values[index] = values[index] - maximum - logarithm }
    }
    return [Tensor(operands[0].elementType, operands[0].shape, converting: values)]
  }
}
