package import OctetGraph
import OctetTensor

/// y = Σ x  (opset1)
package struct ReduceSum: Reduction {
  package static let name = "ReduceSum"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.reduce(0, +) }

  /// Σ (x − z)·s = n·s · mean(x − z): how many there are must be known.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let x = incoming[0], x.isPerTensor, let axes = try? axes(operands) else { return .notAccumulating }
    let extents = axes.compactMap { operands[0].shape[$0].fixedExtent }
    guard extents.count == axes.count else { return .notAccumulating }
    let count = Double(extents.reduce(1, *))
    let form = ReduceMean(keepsAxes: keepsAxes, zeroPoint: x.zeroPoints[0])
    return .sum([IntegerTerm(op: form, factors: .values([x.scales[0] * count], alongAxis: 0, rank: 1))])
  }
}
