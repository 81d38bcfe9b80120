package import OctetGraph
package import OctetTensor

/// Detections of an SSD head: boxes decoded from priors, sieved per class, the best of each image kept  (opset1, opset8).
///
/// Operands: box offsets [N, priors·4], class scores [N, priors·classes], priors [1 or N, 1 or 2, priors·4], boxes and then
/// variances. The result [1, 1, rows, 7] holds image, class, score and corners; behind the last detection stands image −1.
package struct DetectionOutput: Operator {
  package enum CodeType: String, CaseIterable, Sendable {
    case corner = "caffe.priorboxparameter.corner"
    case centerSize = "caffe.priorboxparameter.center_size"
  }

  package struct Settings: Hashable, Sendable {
    /// Nil: as many as the scores of a prior.
    package var classCount: Int?
    package var backgroundClass = 0
    /// Of each class before sieving; nil: all.
    package var candidateLimit: Int?
    /// Of each image.
    package var keepLimit = 1
    package var codeType = CodeType.corner
    package var overlapThreshold = 0.5
    package var scoreThreshold = -Double.infinity
    /// Priors come without variances: the offsets have them in.
    package var isVarianceEncoded = false
    package var clipsBeforeSieving = false
    package var clipsAfterSieving = false

    package init() {}
  }

  package static let name = "DetectionOutput"
  package let settings: Settings

  package init(settings: Settings) throws(OperatorError) {
    guard (1...1 << 20).contains(settings.keepLimit), settings.classCount ?? 1 >= 1 else {
      throw .mismatch("keep_top_k of \(Self.name)", expected: "1 to \(1 << 20)", found: "\(settings.keepLimit)")
    }
    self.settings = settings
  }

  package var attributes: String {
    "keep \(settings.keepLimit) overlap \(Float(settings.overlapThreshold)) score \(Float(settings.scoreThreshold))"
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    for operand in operands where operand.elementType != operands[0].elementType || !operand.elementType.isFloatingPoint
    {
      throw .mismatch("operands of \(Self.name)", expected: "one floating-point type", found: "\(operand.type)")
    }
    guard let offsets = operands[0].shape.rank == 2 ? operands[0].shape[1].fixedExtent : nil,
      let scores = operands[1].shape.rank == 2 ? operands[1].shape[1].fixedExtent : nil,
      operands[2].shape.rank == 3, let priors = operands[2].shape[2].fixedExtent, priors % 4 == 0, priors > 0,
      offsets == priors, scores % (priors / 4) == 0, settings.classCount.map({ scores == priors / 4 * $0 }) ?? true,
      operands[2].shape[1] == .fixed(settings.isVarianceEncoded ? 1 : 2),
      PartialShape([operands[0].shape[0]]).isCompatible(with: [operands[1].shape[0]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "4 offsets, a score per class and a box for each prior",
        found: operands.map { "\($0.shape)" }.joined(separator: ", "))
    }
    let rows = try operands[0].shape[0].map { (batch) throws(OperatorError) in
      try Extent.product(batch, settings.keepLimit, of: Self.name)
    }
    return [operands[0].type.with(shape: [1, 1, rows, 7])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let count = operands[2].shape[2] / 4
    let classes = operands[1].shape[1] / count
    let (offsets, scores, priors) = (operands[0].doubles, operands[1].doubles, operands[2].doubles)
    var rows: [[Double]] = []
    var budget = ComparisonBudget()
    for image in 0..<operands[0].shape[0] {
      let own = operands[2].shape[0] == 1 ? 0 : image
      let start = own * operands[2].shape[1] * count * 4
      let boxes = (0..<count).map { index in
        var moves = SIMD4<Double>()
        for part in 0..<4 {
          let variance = settings.isVarianceEncoded ? 1 : priors[start + (count + index) * 4 + part]
          moves[part] = offsets[(image * count + index) * 4 + part] * variance
        }
        return decode(Box(priors[(start + index * 4)...]), moves)
      }
      let classScores = scores[(image * count * classes)...].prefix(count * classes)
      for found in try detections(boxes, Array(classScores), classes, &budget) {
        let box = settings.clipsAfterSieving ? boxes[found.prior].clipped : boxes[found.prior]
        rows.append([Double(image), Double(found.category), found.score, box.left, box.top, box.right, box.bottom])
      }
    }
    var values = rows.flatMap { $0 }
    if values.count < shape.elementCount { values.append(-1) }
    values += [Double](repeating: 0, count: shape.elementCount - values.count)
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }

  // MARK: - One image

  private struct Detection {
    let category: Int
    let prior: Int
    let score: Double
  }

  /// By class; inside a class the best first.
  private func detections(
    _ boxes: [Box], _ scores: [Double], _ classes: Int, _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [Detection] {
    var suppression = Suppression(overlapThreshold: settings.overlapThreshold)
    if let limit = settings.candidateLimit { suppression.candidateLimit = limit }
    var kept: [Detection] = []
    for (category, candidates) in candidates(scores, classes).enumerated() {
      func score(_ prior: Int) -> Double { scores[prior * classes + category] }
      let order = Suppression.bestFirst(candidates, by: score)
      for prior in try suppression.taken(boxes, order: order, &budget) {
        kept.append(Detection(category: category, prior: prior, score: score(prior)))
      }
    }
    let best = Suppression.bestFirst(kept.indices) { kept[$0].score }.prefix(settings.keepLimit)
    // They stand by class already.
    return best.sorted().map { kept[$0] }
  }

  /// For each class the priors whose scores pass. Most do not: all scores are read once, in the order of memory.
  private func candidates(_ scores: [Double], _ classes: Int) -> [[Int]] {
    var candidates = [[Int]](repeating: [], count: classes)
    var (prior, category) = (0, 0)
    for score in scores {
      if score > settings.scoreThreshold, category != settings.backgroundClass { candidates[category].append(prior) }
      category += 1
      if category == classes { (prior, category) = (prior + 1, 0) }
    }
    return candidates
  }

  func decode(_ prior: Box, _ moves: SIMD4<Double>) -> Box {
    let box =
      switch settings.codeType {
      case .corner: prior.moved(corners: moves)
      case .centerSize: prior.moved(centre: moves)
      }
    return settings.clipsBeforeSieving ? box.clipped : box
  }
}
