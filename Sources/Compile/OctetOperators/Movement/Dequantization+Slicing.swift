package import OctetGraph

extension Dequantization {
  /// What is left after indices of one axis have been selected, repeated or reordered. Nil when the scales vary over
  /// several axes, one of which is this.
  package func selecting(_ indices: [Int], alongAxis axis: Int) -> Dequantization? {
    guard !isPerTensor, axes.contains(axis) else { return self }
    guard axes.count == 1, !indices.isEmpty, indices.allSatisfy(scales.indices.contains) else { return nil }
    return Dequantization(scales: indices.map { scales[$0] }, zeroPoints: indices.map { zeroPoints[$0] }, axes: axes)
  }

  /// Whether it is one for all elements; what moves elements between channels can carry no other.
  package static func perTensor(_ incoming: [Dequantization?]) -> [Dequantization?]? {
    guard let dequantization = incoming[0], dequantization.isPerTensor else { return nil }
    return [dequantization]
  }
}
