package import OctetGraph
package import OctetTensor

/// y = x / (bias + α/sizeⁿ · Σ x²)^β over a window of some axes, n of them; operands x and the axes  (opset1).
///
/// The window reaches (size − 1)/2 to both sides.
package struct LRN: Operator {
  package static let name = "LRN"
  package let alpha: Double
  package let beta: Double
  package let bias: Double
  package let size: Int

  package init(alpha: Double, beta: Double, bias: Double, size: Int) throws(OperatorError) {
    guard (1...Shape.maximumElementCount).contains(size) else {
      throw .mismatch("size of LRN", expected: "1 or more", found: "\(size)")
    }
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
    self.size = size
  }

  package var attributes: String { "alpha \(Float(alpha)) beta \(Float(beta)) bias \(Float(bias)) size \(size)" }

  package func axes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> {
    let axes = try operands.requiredIntegers(at: 1, "axes of LRN")
    return Set(try Axis.normalized(axes, rank: operands[0].shape.rank, of: Self.name))
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectNormalizable(of: Self.name)
    _ = try axes(operands)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let axes = try axes(operands.known)
    let x = operands[0].doubles
    // A sum over a box is a sum along one axis after the other.
    let sums = axes.reduce(x.map { $0 * $0 }) { windowSums($0, shape, $1) }
    let factor = axes.reduce(alpha) { scaled, _ in scaled / Double(size) }
    let y = zip(x, sums).map { $0 / Power.apply(bias + factor * $1, beta) }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }

  private func windowSums(_ values: [Double], _ shape: Shape, _ axis: Int) -> [Double] {
    let reach = (size - 1) / 2
    let inner = shape.count(in: axis + 1..<shape.rank)
    return values.indices.map { index in
      let position = index / inner % shape[axis]
      let first = max(0, position - reach)
      let last = min(shape[axis] - 1, position + reach)
      return (first...last).reduce(0) { $0 + values[index + ($1 - position) * inner] }
    }
  }
}
