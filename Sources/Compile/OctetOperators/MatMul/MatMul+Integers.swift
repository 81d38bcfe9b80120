import OctetTensor
package import OctetGraph

extension MatMul {
  /// Σ (a·sₐ)(b·s_b) = sₐ·s_b[column] · Σ a·b, with scales per column for constant weights on the right.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let a = incoming[0] else { return .refused("its activations are not quantized") }
    guard let b = incoming[1] else { return .refused("its weights are not quantized to 8 bits") }
    guard let weights = operands[1].constant else { return productForm(a, b, operands) }
    guard weights.shape.rank == 2, !transposeA, operands[0].shape.rank >= 2 else {
      return .refused("its right side is not a constant matrix")
    }
    guard a.isPerTensor else { return .refused("its activations have different scales along the sum") }
    let columnAxis = transposeB ? 0 : 1
    if let reason = AccumulatorRange.refusal(products: weights.shape[1 - columnAxis]) { return .refused(reason) }
    guard b.isPerTensor || b.axes == columnAxis..<(columnAxis + 1) else {
      return .refused("its weights have different scales along the sum")
    }
    // Nothing is padded, so any zero point is exact: what is not an integer goes into the shift.
    let form = MatMul(transposeA: false, transposeB: transposeB, leftZeroPoint: a.zeroPoints[0])
    let axis = operands[0].shape.rank - 1
    let scales = b.scales.map { $0 * a.scales[0] }
    var terms = [IntegerTerm(op: form, scales: scales, channelAxis: axis)]
    if b.zeroPoints.contains(where: { $0 != 0 }) {
      // Σ a·(w − z) = Σ a·w − z·Σ a, and Σ a is a product with a column of ones.
      let inner = weights.shape[1 - columnAxis]
      let ones = Tensor(.i8, [1, inner], elements: [Int8](repeating: 1, count: inner))
      let sum = MatMul(transposeA: false, transposeB: true, leftZeroPoint: a.zeroPoints[0])
      terms.append(
        IntegerTerm(op: sum, weights: ones, scales: zip(scales, b.zeroPoints).map { -$0 * $1 }, channelAxis: axis))
    }
    return .sum(terms)
  }

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    let types = Set(operands.map(\.elementType))
    return (operands[1].constant != nil || types == [.u8] || types == [.f32])
      && EpilogueProgram(taken + [operation], channelAxis: operation.type.shape.rank - 1) != nil
  }
}
