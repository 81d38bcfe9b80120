package import OctetGraph
import OctetTensor

extension MatMul {
  /// Σ (a·sₐ)(b·s_b) = sₐ[row] · s_b[column] · Σ a·b, one term for every run of a's columns with a scale of its own.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let a = incoming[0] else { return .refused("its activations are not quantized") }
    guard let b = incoming[1] else { return .refused("its weights are not quantized to 8 bits") }
    guard operands[0].shape.rank > 1, operands[1].shape.rank > 1 else {
      return .refused("one of its sides is a vector")
    }
    let inner = innerExtent(operands)
    if let reason = AccumulatorRange.refusal(products: inner ?? 0) { return .refused(reason) }
    var sum = ProductSum(inner: inner)
    if let weights = operands[1].constant, weights.shape.rank == 2, !transposeA {
      guard let right = ProductSide(weights: weights, b, isTransposed: transposeB) else {
        return .refused("its weights have different scales along the sum")
      }
      if let runs = runs(a, operands[0].shape) {
        for run in runs {
          let left = ProductSide(scale: run.scale, zeroPoint: run.zeroPoint)
          let own = run.terms.map { right.selecting($0, alongAxis: transposeB ? 1 : 0) } ?? right
          sum.add(MatMul(transposeA: false, transposeB: transposeB, terms: run.terms), left, own)
        }
      } else if let left = ProductSide(a, operands[0], sumAxis: 1, isTransposed: false) {
        sum.add(self, left, right)
      } else {
        return .refused("its activations have different scales along the sum")
      }
    } else {
      guard let left = ProductSide(a, operands[0], sumAxis: 1, isTransposed: transposeA),
        let right = ProductSide(b, operands[1], sumAxis: 2, isTransposed: transposeB)
      else { return .refused("one of its sides has different scales along the sum, or signed integers") }
      sum.add(self, left, right)
    }
    return sum.form
  }

  /// K, where either side's shape tells it.
  private func innerExtent(_ operands: [Operand]) -> Int? {
    let (a, b) = (operands[0].shape, operands[1].shape)
    return a[a.rank - (transposeA ? 2 : 1)].fixedExtent ?? b[b.rank - (transposeB ? 1 : 2)].fixedExtent
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
    return runs.count <= max(Self.maximumRuns, a.scales.count / Self.productsPerRun) ? runs : nil
  }

  /// Each run reads and writes the whole result: with many that sum little, f32 is faster.
  private static let maximumRuns = 8
  private static let productsPerRun = 16

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    let types = Set(operands.map(\.elementType))
    return (operands[1].constant != nil || types == [.u8] || types == [.f32])
      && EpilogueProgram(taken + [operation], channelAxis: operation.type.shape.rank - 1) != nil
  }
}
