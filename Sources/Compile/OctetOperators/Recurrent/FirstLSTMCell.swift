package import OctetGraph
package import OctetTensor

/// A long short-term memory whose gates stand in any order  (opset1 LSTMCell).
///
/// Operands are those of LSTMCell; behind the bias there may be weights of peepholes [3 · hidden], which must be zeros:
/// no engine looks through them.
package struct FirstLSTMCell: Operator {
  /// What the rows of W, R and bias belong to, in order: f, i, c and o.
  package enum GateOrder: String, CaseIterable, Sendable {
    case fico, icof, ifco, ifoc, iofc
  }

  package static let name = "LSTMCell"
  package let cell: LSTMCell
  package let order: GateOrder

  package init(_ cell: LSTMCell, order: GateOrder) {
    self.cell = cell
    self.order = order
  }

  package var attributes: String { "\(cell.attributes) \(order.rawValue)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(5...7, of: Self.name)
    if operands.count == 7 {
      let peepholes = operands[6]
      guard peepholes.shape.isCompatible(with: [.fixed(3 * cell.settings.hiddenSize)]),
        peepholes.elementType == operands[0].elementType, peepholes.constant?.doubles.allSatisfy({ $0 == 0 }) == true
      else {
        throw .mismatch("peepholes of \(Self.name)", expected: "zeros", found: "\(peepholes.type) of other values")
      }
    }
    return try cell.resultTypes(Array(operands.prefix(6)))
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    var own = Array(operands.prefix(6))
    for index in 3..<own.count { own[index] = inOrder(own[index]) }
    return try cell.evaluate(own)
  }

  /// W, R or bias with the rows of the gates in the order of LSTMCell.
  private func inOrder(_ weights: Tensor) -> Tensor {
    let values = weights.doubles
    let size = values.count / LSTMCell.gateCount
    let gates = Array(order.rawValue)
    let rows = GateOrder.fico.rawValue.compactMap { gates.firstIndex(of: $0) }
    return Tensor(
      weights.elementType, weights.shape, converting: rows.flatMap { values[$0 * size..<($0 + 1) * size] })
  }
}
