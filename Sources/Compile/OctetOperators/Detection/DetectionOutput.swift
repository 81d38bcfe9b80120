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
    for image in 0..<operands[0].shape[0] {
      let own = operands[2].shape[0] == 1 ? 0 : image
      let start = own * operands[2].shape[1] * count * 4
      let boxes = (0..<count).map { index in
        let variances =
          settings.isVarianceEncoded ? [1, 1, 1, 1] : priors[(start + (count + index) * 4)...].prefix(4).map { $0 }
        return decode(
          Box(priors[(start + index * 4)...]), Array(offsets[((image * count + index) * 4)...].prefix(4)), variances)
      }
      for found in detections(boxes, Array(scores[(image * count * classes)...].prefix(count * classes)), classes) {
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
  private func detections(_ boxes: [Box], _ scores: [Double], _ classes: Int) -> [Detection] {
    var kept: [Detection] = []
    for category in 0..<classes where category != settings.backgroundClass {
      let all = boxes.indices.map { Detection(category: category, prior: $0, score: scores[$0 * classes + category]) }
      let candidates = Self.best(all.filter { $0.score > settings.scoreThreshold })
      var own: [Detection] = []
      for candidate in candidates.prefix(settings.candidateLimit ?? candidates.count) {
        let box = boxes[candidate.prior]
        if own.allSatisfy({ boxes[$0.prior].overlap(box) <= settings.overlapThreshold }) { own.append(candidate) }
      }
      kept += own
    }
    let best = Self.best(kept).prefix(settings.keepLimit)
    return (0..<classes).flatMap { category in best.filter { $0.category == category } }
  }

  /// Highest score first, equal ones in their order.
  private static func best(_ detections: [Detection]) -> [Detection] {
    detections.enumerated().sorted {
      $0.element.score == $1.element.score ? $0.offset < $1.offset : $0.element.score > $1.element.score
    }.map(\.element)
  }

  private func decode(_ prior: Box, _ offsets: [Double], _ variances: [Double]) -> Box {
    let box =
      switch settings.codeType {
      case .corner: prior.moved(corners: zip(offsets, variances).map { $0 * $1 })
      case .centerSize: prior.moved(centre: zip(offsets, variances).map { $0 * $1 })
      }
    return settings.clipsBeforeSieving ? box.clipped : box
  }
}
