package import OctetGraph
package import OctetTensor

/// Boxes of several sizes and aspect ratios around every cell of a feature map, in parts of the image  (opset1, opset8).
///
/// Operands and result are those of PriorBoxClustered. Around the centre of each cell stand, in this order: a grid of
/// boxes for each fixed size; for each smallest size a square, one of the geometric mean with its largest size, and one
/// rectangle for every aspect ratio a other than 1, √a times as wide and 1/√a times as high.
package struct PriorBox: Operator {
  package struct Settings: Hashable, Sendable {
    package var smallestSizes: [Double] = []
    package var largestSizes: [Double] = []
    package var aspectRatios: [Double] = []
    /// Whether 1/a comes with every aspect ratio a.
    package var isFlipped = false
    package var isClipped = false
    /// Pixels between cells; 0: the image's share of a cell.
    package var step = 0.0
    /// Where in its cell a box has its centre.
    package var offset = 0.0
    package var variances: [Double] = []
    /// False as in MXNet: sizes are parts of the image height, and only the last has rectangles.
    package var scalesAllSizes = true
    package var fixedSizes: [Double] = []
    package var fixedRatios: [Double] = []
    /// For each fixed size how many boxes stand side by side.
    package var densities: [Double] = []
    /// Whether the square of the largest size stands before the rectangles.
    package var putsLargestFirst = true

    package init() {}
  }

  package static let name = "PriorBox"
  /// Models have a handful; each makes boxes for every cell.
  private static let maximumCount = 1 << 12
  private static let maximumBoxesPerCell = 1 << 16

  package let settings: Settings
  private let variances: [Double]
  /// 1 and the given ones with their inverses, each once.
  private let ratios: [Double]
  /// For each fixed size its density.
  private let densities: [Int]

  package init(settings: Settings) throws(OperatorError) {
    let lists = [
      settings.smallestSizes, settings.largestSizes, settings.aspectRatios, settings.fixedSizes, settings.fixedRatios,
      settings.densities,
    ]
    for list in lists where list.count > Self.maximumCount || !list.allSatisfy({ $0 > 0 && $0 <= 0x1p24 }) {
      throw .mismatch(
        "sizes of \(Self.name)", expected: "up to \(Self.maximumCount) positive numbers", found: "\(list.prefix(9))")
    }
    guard settings.densities.isEmpty || settings.densities.count == settings.fixedSizes.count else {
      throw .mismatch(
        "densities of \(Self.name)", expected: "one for each of \(settings.fixedSizes.count) fixed sizes",
        found: "\(settings.densities.count)")
    }
    let densities = settings.densities.map { Int(min($0, 256)) }
    guard densities.allSatisfy({ (1...64).contains($0) }) else {
      throw .mismatch("densities of \(Self.name)", expected: "1 to 64", found: "\(settings.densities)")
    }
    self.settings = settings
    self.densities = densities.isEmpty ? settings.fixedSizes.map { _ in 1 } : densities
    variances = try PriorBoxes.checkedVariances(settings.variances, of: Self.name)
    ratios = settings.aspectRatios.reduce(into: [1.0]) { known, ratio in
      guard known.allSatisfy({ abs($0 - ratio) >= 1e-6 }) else { return }
      known += settings.isFlipped ? [ratio, 1 / ratio] : [ratio]
    }
    // Each list is short, but their products are not.
    let grids = self.densities.reduce(0) { $0 + $1 * $1 }
    let most = grids * max(settings.fixedRatios.count, ratios.count) + settings.smallestSizes.count * (ratios.count + 1)
    guard most <= Self.maximumBoxesPerCell else {
      throw .mismatch(
        "boxes in a cell of \(Self.name)", expected: "at most \(Self.maximumBoxesPerCell)", found: "up to \(most)")
    }
  }

  package var attributes: String { "boxes \(boxes(around: (x: 0, y: 0), imageHeight: 1).count)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    // Around any place: their number is the same everywhere.
    let count = boxes(around: (x: 0, y: 0), imageHeight: 1).count
    return try PriorBoxes.resultTypes(operands, boxesPerCell: count, of: Self.name)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let imageHeight = try Double(operands.known.requiredIntegers(at: 1, "image of \(Self.name)")[0])
    var step = settings.step
    if !settings.scalesAllSizes {
      let rows = try Double(operands.known.requiredIntegers(at: 0, "feature map of \(Self.name)")[0])
      step = step == -1 ? imageHeight / rows : step * imageHeight
    }
    let grid = try PriorBoxes(operands, steps: (x: step, y: step), of: Self.name)
    return grid.tensor(variances: variances, isClipped: settings.isClipped) { row, column in
      let centre = grid.centre(row, column, offset: step == 0 ? 0.5 : settings.offset)
      return boxes(around: centre, imageHeight: imageHeight).map { box in
        let corners = grid.box(box.x, box.y, width: box.width, height: box.height)
        return box.isFixed ? corners.map { min(max($0, 0), 1) } : corners
      }
    }
  }

  // MARK: - One cell

  private struct CellBox {
    let x: Double
    let y: Double
    let width: Double
    let height: Double
    /// Boxes of fixed size never leave the image.
    var isFixed = false
  }

  private func boxes(around centre: (x: Double, y: Double), imageHeight: Double) -> [CellBox] {
    fixedBoxes(around: centre) + sizedBoxes(around: centre, unit: settings.scalesAllSizes ? 1 : imageHeight)
  }

  private func fixedBoxes(around centre: (x: Double, y: Double)) -> [CellBox] {
    var boxes: [CellBox] = []
    for (size, density) in zip(settings.fixedSizes, densities) {
      // Whole pixels, as the definition has it.
      let shift = (size.rounded(.towardZero) / Double(density)).rounded(.towardZero)
      let first = -(size.rounded(.towardZero) / 2).rounded(.towardZero) + shift / 2
      func grid(_ ratio: Double) {
        for row in 0..<density {
          for column in 0..<density {
            boxes.append(
              CellBox(
                x: centre.x + first + Double(column) * shift, y: centre.y + first + Double(row) * shift,
                width: size * ratio.squareRoot(), height: size / ratio.squareRoot(), isFixed: true))
          }
        }
      }
      if !settings.fixedRatios.isEmpty {
        for ratio in settings.fixedRatios { grid(ratio) }
      } else {
        if !settings.densities.isEmpty { grid(1) }
        for ratio in ratios where abs(ratio - 1) >= 1e-6 { grid(ratio) }
      }
    }
    return boxes
  }

  private func sizedBoxes(around centre: (x: Double, y: Double), unit: Double) -> [CellBox] {
    var boxes: [CellBox] = []
    func add(_ width: Double, _ height: Double) {
      boxes.append(CellBox(x: centre.x, y: centre.y, width: width, height: height))
    }
    let sizes = settings.smallestSizes.map { $0 * unit }
    for (index, size) in sizes.enumerated() {
      func addLargest() {
        guard index < settings.largestSizes.count else { return }
        let mean = (size * settings.largestSizes[index]).squareRoot()
        add(mean, mean)
      }
      add(size, size)
      if settings.putsLargestFirst { addLargest() }
      if settings.scalesAllSizes || index == sizes.count - 1 {
        let base = settings.scalesAllSizes ? size : sizes[0]
        for ratio in ratios where abs(ratio - 1) >= 1e-6 { add(base * ratio.squareRoot(), base / ratio.squareRoot()) }
      }
      if !settings.putsLargestFirst { addLargest() }
    }
    return boxes
  }
}
