import OctetGraph
import OctetTensor

extension MatMul {
  /// The form over integers of a product of two activations, each with one scale.
  ///
  ///     Σ (a − z)(b − y) = Σ (a − i)(b − j) − (y − j)·Σ (a − i) − (z − i)·Σ (b − j) + K·(z − i)(y − j)
  ///
  /// i and j are the bytes nearest to the zero points. Where those are integers, the first sum is all.
  func productForm(_ a: Dequantization, _ b: Dequantization, _ operands: [Operand]) -> IntegerForm {
    guard operands[0].shape.rank > 1, operands[1].shape.rank > 1 else {
      return .refused("one of its sides is a vector")
    }
    guard operands[0].elementType == .u8, operands[1].elementType == .u8 else {
      return .refused("its sides are not both unsigned")
    }
    guard a.isPerTensor, b.isPerTensor else { return .refused("one of its sides has several scales") }
    let (i, j) = (Self.nearestByte(a.zeroPoints[0]), Self.nearestByte(b.zeroPoints[0]))
    let (restA, restB) = (a.zeroPoints[0] - i, b.zeroPoints[0] - j)
    let scale = a.scales[0] * b.scales[0]
    let axis = max(operands[0].shape.rank, operands[1].shape.rank) - 1
    func term(_ op: MatMul, _ factor: Double, ones: Tensor? = nil, at index: Int = 1) -> IntegerTerm {
      IntegerTerm(op: op, weights: ones, weightsOperand: index, scales: [scale * factor], channelAxis: axis)
    }
    let product = MatMul(transposeA: transposeA, transposeB: transposeB, leftZeroPoint: i, rightZeroPoints: [j])
    var terms = [term(product, 1)]
    guard restA != 0 || restB != 0 else { return .sum(terms) }
    guard let inner = innerExtent(operands) else {
      return .refused("its zero points are not integers, and the length of its sums is open")
    }
    let ones = [UInt8](repeating: 1, count: inner)
    if restB != 0 {
      let sums = MatMul(transposeA: transposeA, transposeB: false, leftZeroPoint: i)
      terms.append(term(sums, -restB, ones: Tensor(.u8, Shape(valid: [inner, 1]), elements: ones)))
    }
    if restA != 0 {
      let sums = MatMul(transposeA: false, transposeB: transposeB, rightZeroPoints: [j])
      terms.append(term(sums, -restA, ones: Tensor(.u8, Shape(valid: [1, inner]), elements: ones), at: 0))
    }
    let constant = Double(inner) * restA * restB * scale
    return .sum(terms, constant: constant == 0 ? nil : Tensor(.f32, .scalar, converting: [constant]))
  }

  private static func nearestByte(_ zeroPoint: Double) -> Double { min(max(zeroPoint.rounded(), 0), 255) }

  /// K, where either side's shape tells it.
  private func innerExtent(_ operands: [Operand]) -> Int? {
    let (a, b) = (operands[0].shape, operands[1].shape)
    return a[a.rank - (transposeA ? 2 : 1)].fixedExtent ?? b[b.rank - (transposeB ? 1 : 2)].fixedExtent
  }
}
