package import OctetGraph
package import OctetTensor

/// Detections of one image: regions refined for every class, sieved, and the best of them
/// (ExperimentalDetectronDetectionOutput, opset6).
///
/// Operands: regions [R, 4], offsets [R, 4·classes], scores [R, classes] and the image's height, width and scale [1, 3],
/// which nothing reads: boxes are cut at 0, not at the far edges. Class 0 is the background. Results: corners [kept, 4], classes [kept] and scores [kept], zeros behind the last; by class
/// when there are no more than are kept, otherwise by score.
package struct DetectronDetections: Operator {
  package struct Settings: Hashable, Sendable {
    package var classCount = 1
    package var scoreThreshold = 0.0
    package var overlapThreshold = 0.5
    /// Of each class.
    package var classLimit = 1
    package var keepLimit = 1
    /// Sizes grow by at most this power of e.
    package var largestGrowth = 4.135166556742356
    /// What offsets are divided by.
    package var weights = [1.0, 1, 1, 1]

    package init() {}
  }

  package static let name = "DetectronDetections"
  package let settings: Settings

  package init(settings: Settings) throws(OperatorError) {
    guard (1...1 << 20).contains(settings.keepLimit), (1...1 << 20).contains(settings.classCount),
      settings.classLimit >= -1, settings.weights.count == 4, settings.weights.allSatisfy({ $0 != 0 })
    else {
      throw .mismatch(
        "settings of \(Self.name)", expected: "positive limits and 4 weights other than 0", found: "\(settings)")
    }
    self.settings = settings
  }

  package var attributes: String { "classes \(settings.classCount) keep \(settings.keepLimit)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    let (regions, offsets, scores) = (operands[0].shape, operands[1].shape, operands[2].shape)
    for operand in operands where !operand.elementType.isFloatingPoint || operand.shape.rank != 2 {
      throw .mismatch("operands of \(Self.name)", expected: "floating point of rank 2", found: "\(operand.type)")
    }
    guard regions[1].accepts(4), offsets.isCompatible(with: [regions[0], .fixed(4 * settings.classCount)]),
      scores.isCompatible(with: [regions[0], .fixed(settings.classCount)])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "4 corners, offsets and scores of \(settings.classCount) classes",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    let kept = Dimension.fixed(settings.keepLimit)
    let type = operands[0].elementType
    return [TensorType(type, [kept, 4]), TensorType(.i32, [kept]), TensorType(type, [kept])]
  }

  private struct Detection {
    let box: Box
    let category: Int
    let score: Double
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    var found: [Detection] = []
    var budget = ComparisonBudget()
    for category in 1..<max(settings.classCount, 1) { found += try detections(operands, category, &budget) }
    if found.count > settings.keepLimit {
      let order = Suppression.bestFirst(found.indices) { found[$0].score }
      found = order.prefix(settings.keepLimit).map { found[$0] }
    }
    let missing = settings.keepLimit - found.count
    func padded(_ values: [Double], _ width: Int) -> [Double] {
      values + [Double](repeating: 0, count: missing * width)
    }
    let kept = Shape(valid: [settings.keepLimit])
    let type = operands[0].elementType
    return [
      Tensor(type, Shape(valid: [settings.keepLimit, 4]), converting: padded(found.flatMap(\.box.corners), 4)),
      Tensor(.i32, kept, converting: padded(found.map { Double($0.category) }, 1)),
      Tensor(type, kept, converting: padded(found.map(\.score), 1)),
    ]
  }

  /// Of one class, the best first.
  private func detections(
    _ operands: [Tensor], _ category: Int, _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [Detection] {
    let (regions, offsets, scores) = (operands[0].doubles, operands[1].doubles, operands[2].doubles)
    var candidates: [Detection] = []
    for region in 0..<operands[0].shape[0] {
      let box = Box(regions[(region * 4)...].prefix(4))
      let score = scores[region * settings.classCount + category]
      guard box.width > 0, box.height > 0, score > settings.scoreThreshold else { continue }
      var moves = SIMD4<Double>()
      for part in 0..<4 {
        let move = offsets[(region * settings.classCount + category) * 4 + part] / settings.weights[part]
        moves[part] = part < 2 ? move : min(move, settings.largestGrowth)
      }
      let refined = box.closed(by: 1).moved(centre: moves).closed(by: -1)
        .clipped(width: .infinity, height: .infinity)
      candidates.append(Detection(box: refined, category: category, score: score))
    }
    let suppression = Suppression(
      overlapThreshold: settings.overlapThreshold, keepLimit: settings.classLimit == -1 ? .max : settings.classLimit,
      pixel: 1, needsTouch: true)
    let order = Suppression.bestFirst(candidates.indices) { candidates[$0].score }
    return try suppression.taken(candidates.map(\.box), order: order, &budget).map { candidates[$0] }
  }
}
