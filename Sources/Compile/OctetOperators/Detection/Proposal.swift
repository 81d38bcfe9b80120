package import OctetGraph
package import OctetTensor

/// Regions of a Faster R-CNN: boxes decoded from anchors at every cell, the best of each image that do not overlap a
/// better one  (opset1, opset4).
///
/// Operands: scores [N, 2·anchors, H, W], background before foreground; offsets [N, 4·anchors, H, W] of centres and sizes;
/// and the image: height, width and the scale it was resized by, one or one for each direction. Results: rows of image and
/// corners [N·kept, 5], and from opset4 on scores [N·kept]. Behind the last region of an image stands image −1.
package struct Proposal: Operator {
  package struct Settings: Hashable, Sendable {
    package var baseSize = 16
    /// Of each image, before and after sieving.
    package var candidateLimit = 1
    package var keepLimit = 1
    package var overlapThreshold = 0.7
    /// Pixels of the image between cells.
    package var stride = 1
    package var smallestSize = 1.0
    package var ratios: [Double] = []
    package var scales: [Double] = []
    package var clipsBeforeSieving = true
    package var clipsAfterSieving = false
    /// Whether corners are given in parts of the image.
    package var isNormalized = false
    package var sizeScale = 1.0
    package var coordinateScale = 1.0
    /// TensorFlow's boxes have y before x and end before their last pixel; Caffe's end on it, at rounded places.
    package var followsTensorFlow = false

    package init() {}
  }

  package static let name = "Proposal"
  package let settings: Settings
  package let givesScores: Bool

  package init(settings: Settings, givesScores: Bool) throws(OperatorError) {
    for limit in [settings.keepLimit, settings.candidateLimit, settings.baseSize, settings.stride]
    where !(1...1 << 20).contains(limit) {
      throw .mismatch("limits and sizes of \(Self.name)", expected: "1 to \(1 << 20)", found: "\(limit)")
    }
    for list in [settings.ratios, settings.scales]
    where !(1...256).contains(list.count) || !list.allSatisfy({ $0 > 0 && $0.isFinite }) {
      throw .mismatch("ratios and scales of \(Self.name)", expected: "1 to 256 positive numbers", found: "\(list)")
    }
    self.settings = settings
    self.givesScores = givesScores
  }

  private var anchorCount: Int { settings.ratios.count * settings.scales.count }
  /// The width of the last pixel of a box.
  private var pixel: Double { settings.followsTensorFlow ? 0 : 1 }

  package var attributes: String { "anchors \(anchorCount) keep \(settings.keepLimit)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let (scores, offsets, image) = (operands[0], operands[1], operands[2])
    let isFloat = operands.allSatisfy { $0.elementType.isFloatingPoint }
    guard isFloat, scores.shape.rank == 4, offsets.shape.rank == 4, scores.shape[1].accepts(2 * anchorCount),
      offsets.shape[1].accepts(4 * anchorCount),
      scores.shape.isCompatible(with: [offsets.shape[0], .fixed(2 * anchorCount), offsets.shape[2], offsets.shape[3]]),
      image.shape.rank == 1, image.shape[0].accepts(3) || image.shape[0].accepts(4)
    else {
      throw .mismatch(
        "operands of \(Self.name)",
        expected: "scores [N, \(2 * anchorCount), H, W], offsets [N, \(4 * anchorCount), H, W] and 3 or 4 image sizes",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    let rows = try scores.shape[0].map { (batch) throws(OperatorError) in
      try Extent.product(batch, settings.keepLimit, of: Self.name)
    }
    let regions = TensorType(scores.elementType, [rows, 5])
    return givesScores ? [regions, TensorType(scores.elementType, [rows])] : [regions]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let images = operands[0].shape[0]
    let image = operands[2].doubles
    let (height, width) = settings.followsTensorFlow ? (image[1], image[0]) : (image[0], image[1])
    let scales = (x: image.count > 3 ? image[3] : image[2], y: image[2])
    let least = (x: settings.smallestSize * scales.x, y: settings.smallestSize * scales.y)
    var rows: [Double] = []
    var scores: [Double] = []
    var budget = ComparisonBudget()
    for index in 0..<images {
      let candidates = candidates(operands, image: index, width: width, height: height, least: least)
      let found = try sieve(candidates, &budget)
      for (box, score) in found {
        let clipped = settings.clipsAfterSieving ? box.clipped(width: width, height: height) : box
        let own = settings.isNormalized ? clipped.scaled(x: 1 / width, y: 1 / height) : clipped
        rows += [Double(index)] + own.corners
        scores.append(score)
      }
      let missing = settings.keepLimit - found.count
      if missing > 0 { rows += [-1] + [Double](repeating: 0, count: missing * 5 - 1) }
      scores += [Double](repeating: 0, count: missing)
    }
    let regions = Tensor(
      operands[0].elementType, Shape(valid: [images * settings.keepLimit, 5]), converting: rows)
    guard givesScores else { return [regions] }
    return [regions, Tensor(operands[0].elementType, Shape(valid: [scores.count]), converting: scores)]
  }

  // MARK: - Anchors

  /// Around the origin of a cell.
  private var anchors: [Box] {
    let base = Double(settings.baseSize)
    let centre = 0.5 * (base - pixel) - (settings.followsTensorFlow ? base / 2 : 0)
    return settings.ratios.flatMap { ratio in
      let exact = (base * base / ratio).squareRoot()
      let width = settings.followsTensorFlow ? exact : exact.rounded()
      let height = settings.followsTensorFlow ? width * ratio : (width * ratio).rounded()
      return settings.scales.map { scale in
        let (x, y) = (0.5 * (width * scale - pixel), 0.5 * (height * scale - pixel))
        return Box([centre - x, centre - y, centre + x, centre + y])
      }
    }
  }

  /// Every anchor at every cell, moved by its offsets, with its score; boxes that are too small have none.
  private func candidates(
    _ operands: [Tensor], image: Int, width: Double, height: Double, least: (x: Double, y: Double)
  ) -> [(box: Box, score: Double)] {
    let shape = operands[0].shape
    let (rows, columns) = (shape[2], shape[3])
    let area = rows * columns
    let (scores, offsets) = (operands[0].doubles, operands[1].doubles)
    let anchors = anchors
    var found: [(box: Box, score: Double)] = []
    found.reserveCapacity(area * anchors.count)
    for cell in 0..<area {
      let (row, column) = cell.quotientAndRemainder(dividingBy: columns)
      let (x, y) = settings.followsTensorFlow ? (row, column) : (column, row)
      for (index, anchor) in anchors.enumerated() {
        var box = anchor.shifted(x: Double(x * settings.stride), y: Double(y * settings.stride))
        if settings.followsTensorFlow { box = box.clipped(width: width, height: height) }
        var moves = SIMD4<Double>()
        for part in 0..<4 {
          moves[part] =
            offsets[((image * anchors.count + index) * 4 + part) * area + cell]
            / (part < 2 ? settings.coordinateScale : settings.sizeScale)
        }
        box = box.closed(by: pixel).moved(centre: moves)
        if settings.clipsBeforeSieving { box = box.clipped(width: width - pixel, height: height - pixel) }
        let isLarge = box.width + pixel >= least.x && box.height + pixel >= least.y
        found.append((box, isLarge ? scores[((image * 2 + 1) * anchors.count + index) * area + cell] : 0))
      }
    }
    return found
  }

  private func sieve(
    _ candidates: [(box: Box, score: Double)], _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [(box: Box, score: Double)] {
    let suppression = Suppression(
      overlapThreshold: settings.overlapThreshold, candidateLimit: settings.candidateLimit,
      keepLimit: settings.keepLimit, pixel: pixel)
    let order = Suppression.bestFirst(candidates.indices) { candidates[$0].score }
    return try suppression.taken(candidates.map(\.box), order: order, &budget).map { candidates[$0] }
  }
}
