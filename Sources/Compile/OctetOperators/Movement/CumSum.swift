package import OctetGraph
package import OctetTensor

/// y[i] = Σ x[k] over k ≤ i along one axis; operands x and, optionally, the axis  (opset3).
///
/// `exclusive` sums over k < i, `reverse` over k ≥ i, both over k > i. Integers wrap around.
package struct CumSum: Operator {
  package static let name = "CumSum"
  package let isExclusive: Bool
  package let isReverse: Bool

  package init(isExclusive: Bool, isReverse: Bool) {
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }

  package var attributes: String {
    [isExclusive ? "exclusive" : nil, isReverse ? "reverse" : nil].compactMap { $0 }.joined(separator: " ")
  }

  func axis(_ operands: [Operand]) throws(OperatorError) -> Int {
    try operands.expect(1...2, of: Self.name)
    let given = operands.count == 2 ? try operands.requiredInteger(at: 1, "axis of CumSum") : 0
    return try Axis.normalized(given, rank: operands[0].shape.rank, of: Self.name)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    _ = try axis(operands)
    try operands.expectMovable(of: Self.name)
    guard operands[0].elementType != .boolean else {
      throw .mismatch("operand of CumSum", expected: "numbers", found: "booleans")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (shape, type) = (operands[0].shape, operands[0].elementType)
    let axis = try axis(operands.known)
    guard type.isInteger else {
      return [Tensor(type, shape, converting: sums(operands[0].doubles, shape, axis, from: 0, +))]
    }
    return [Tensor(type, shape, bitPatterns: sums(operands[0].bitPatterns, shape, axis, from: 0, &+))]
  }

  private func sums<Number>(
    _ x: [Number], _ shape: Shape, _ axis: Int, from zero: Number, _ add: (Number, Number) -> Number
  ) -> [Number] {
    var y = x
    let inner = shape.count(in: axis + 1..<shape.rank)
    for outer in 0..<shape.count(in: 0..<axis) {
      for column in 0..<inner {
        var sum = zero
        for step in 0..<shape[axis] {
          let position = isReverse ? shape[axis] - 1 - step : step
          let index = (outer * shape[axis] + position) * inner + column
          let next = add(sum, x[index])
          y[index] = isExclusive ? sum : next
          sum = next
        }
      }
    }
    return y
  }
}
