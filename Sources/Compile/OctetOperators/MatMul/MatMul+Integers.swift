import OctetTensor
package import OctetGraph

extension MatMul {
  /// Σ (a·sₐ)(b·s_b) = sₐ·s_b[column] · Σ a·b, one term for every run of a's columns with a scale of its own.
  ///
  /// That is for constant matrices on the right, with scales per column; `productForm` is for everything else.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let a = incoming[0] else { return .refused("its activations are not quantized") }
    guard let b = incoming[1] else { return .refused("its weights are not quantized to 8 bits") }
    guard let weights = operands[1].constant, weights.shape.rank == 2, !transposeA else {
      return productForm(a, b, operands)
    }
    let columnAxis = transposeB ? 0 : 1
    if let reason = AccumulatorRange.refusal(products: weights.shape[1 - columnAxis]) { return .refused(reason) }
    guard b.isPerTensor || b.axes == columnAxis..<(columnAxis + 1) else {
      return .refused("its weights have different scales along the sum")
    }
    guard let runs = runs(a, operands[0].shape) else {
      return .refused("its activations have different scales along the sum")
    }
    let axis = operands[0].shape.rank - 1
    var terms: [IntegerTerm] = []
    for run in runs {
      // Nothing is padded, so any zero point is exact: what is not an integer goes into the shift.
      let form = MatMul(
        transposeA: false, transposeB: transposeB, leftZeroPoint: run.zeroPoint, terms: run.terms)
      let own = run.terms.map { weights.selecting(Array($0), alongAxis: 1 - columnAxis) }
      let scales = b.scales.map { $0 * run.scale }
      terms.append(IntegerTerm(op: form, weights: own, scales: scales, channelAxis: axis))
      guard b.zeroPoints.contains(where: { $0 != 0 }) else { continue }
      // Σ a·(w − z) = Σ a·w − z·Σ a, and Σ a is a product with a column of ones.
      let inner = run.terms?.count ?? weights.shape[1 - columnAxis]
      let ones = Tensor(.i8, [1, inner], elements: [Int8](repeating: 1, count: inner))
      let sum = MatMul(transposeA: false, transposeB: true, leftZeroPoint: run.zeroPoint, terms: run.terms)
      terms.append(
        IntegerTerm(op: sum, weights: ones, scales: zip(scales, b.zeroPoints).map { -$0 * $1 }, channelAxis: axis))
    }
    return .sum(terms)
  }

  private struct Run {
    /// Nil for all.
    let terms: Range<Int>?
    let scale: Double
    let zeroPoint: Double
  }

  /// Stretches of a's columns with equal scale and zero point; nil when these are too many to be worth a call each.
  private func runs(_ a: Dequantization, _ shape: PartialShape) -> [Run]? {
    if a.isPerTensor { return [Run(terms: nil, scale: a.scales[0], zeroPoint: a.zeroPoints[0])] }
    guard a.axes == shape.rank - 1..<shape.rank else { return nil }
    var runs: [Run] = []
    var start = 0
    for column in 1...a.scales.count
    where column == a.scales.count || a.scales[column] != a.scales[start] || a.zeroPoints[column] != a.zeroPoints[start]
    {
      runs.append(Run(terms: start..<column, scale: a.scales[start], zeroPoint: a.zeroPoints[start]))
      start = column
    }
    return runs.count <= Self.maximumRuns ? runs : nil
  }

  /// Each run reads and writes the whole result: with many, f32 is faster.
  private static let maximumRuns = 8

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    let types = Set(operands.map(\.elementType))
    return (operands[1].constant != nil || types == [.u8] || types == [.f32])
      && EpilogueProgram(taken + [operation], channelAxis: operation.type.shape.rank - 1) != nil
  }
}
