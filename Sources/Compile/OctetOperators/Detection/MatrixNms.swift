import Glibc
package import OctetGraph
package import OctetTensor

/// Boxes whose scores decay by their overlaps with all better ones at once  (opset8; Wang et al., SOLOv2, 2020).
///
///     score ← score · min over better boxes j of decay(overlap with j) / decay(largest overlap of j with one better)
package struct MatrixNms: Operator {
  package enum Decay: String, CaseIterable, Sendable {
    /// exp(−σ·overlap²)
    case gaussian
    /// 1 − overlap
    case linear
  }

  package static let name = "MatrixNms"
  package let settings: MulticlassSuppression
  package let decay: Decay
  package let sigma: Double
  /// What a decayed score must exceed.
  package let finalThreshold: Double

  package init(
    settings: MulticlassSuppression, decay: Decay, sigma: Double, finalThreshold: Double
  ) throws(OperatorError) {
    try settings.check(Self.name)
    self.settings = settings
    self.decay = decay
    self.sigma = sigma
    self.finalThreshold = finalThreshold
  }

  package var attributes: String { "\(decay.rawValue) score \(Float(settings.scoreThreshold))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try settings.resultTypes(operands, of: Self.name)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    try settings.evaluate(operands) { (boxes, scores, budget) throws(OperatorError) in
      let closed = boxes.map { $0.closed(by: settings.pixel) }
      let candidates = settings.candidates(scores) { $0 > settings.scoreThreshold }
      var largest: [Double] = []
      var left: [(index: Int, score: Double)] = []
      for candidate in candidates {
        try budget.spend(largest.count)
        let overlaps = candidates[..<largest.count].map { better in
          // Their last pixels alone make no overlap.
          boxes[better].touches(boxes[candidate]) ? closed[better].overlap(closed[candidate]) : 0
        }
        let factor = zip(overlaps, largest).reduce(1) { min($0, weaken($1.0, $1.1)) }
        largest.append(overlaps.max() ?? 0)
        let score = scores[candidate] * factor
        if score > finalThreshold { left.append((candidate, score)) }
      }
      return left
    }
  }

  private func weaken(_ overlap: Double, _ largest: Double) -> Double {
    switch decay {
    case .gaussian: exp((largest * largest - overlap * overlap) * sigma)
    case .linear: (1 - overlap) / (1 - largest + 1e-10)
    }
  }
}
