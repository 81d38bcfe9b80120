import OctetGraph
import OctetTensor

/// What PriorBox and PriorBoxClustered share: a grid of cells over an image.
struct PriorBoxes {
  private let rows: Int
  private let columns: Int
  private let image: (width: Double, height: Double)
  private let step: (x: Double, y: Double)

  init(_ operands: [Tensor], steps: (x: Double, y: Double), of name: String) throws(OperatorError) {
    let grid = try operands.known.requiredIntegers(at: 0, "feature map of \(name)")
    let size = try operands.known.requiredIntegers(at: 1, "image of \(name)")
    (rows, columns) = (grid[0], grid[1])
    image = (Double(size[1]), Double(size[0]))
    step = (
      steps.x == 0 ? image.width / Double(columns) : steps.x, steps.y == 0 ? image.height / Double(rows) : steps.y
    )
  }

  static func resultTypes(
    _ operands: [Operand], boxesPerCell: Int, of name: String
  ) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: name)
    for operand in operands where operand.shape.fixed != [2] {
      throw .mismatch("operands of \(name)", expected: "height and width", found: "\(operand.type)")
    }
    guard let image = try operands.integers(at: 1, "image of \(name)"),
      let grid = try operands.integers(at: 0, "feature map of \(name)")
    else { return [TensorType(.f32, [2, .dynamic])] }
    guard (grid + image).allSatisfy({ (1...1 << 24).contains($0) }) else {
      throw .mismatch("operands of \(name)", expected: "extents of 1 to \(1 << 24)", found: "\(grid) and \(image)")
    }
    return [TensorType(.f32, [2, .fixed(try Extent.product(grid + [boxesPerCell, 4], of: name))])]
  }

  static func checkedVariances(_ variances: [Double], of name: String) throws(OperatorError) -> [Double] {
    switch variances.count {
    case 0: [0.1, 0.1, 0.1, 0.1]
    case 1: [Double](repeating: variances[0], count: 4)
    case 4: variances
    default: throw .mismatch("variances of \(name)", expected: "0, 1 or 4", found: "\(variances.count)")
    }
  }

  func centre(_ row: Int, _ column: Int, offset: Double) -> (x: Double, y: Double) {
    ((Double(column) + offset) * step.x, (Double(row) + offset) * step.y)
  }

  /// Left, top, right and bottom in parts of the image.
  func box(_ x: Double, _ y: Double, width: Double, height: Double) -> [Double] {
    [
      (x - width / 2) / image.width, (y - height / 2) / image.height, (x + width / 2) / image.width,
      (y + height / 2) / image.height,
    ]
  }

  func tensor(
    variances: [Double], isClipped: Bool, boxes: (_ row: Int, _ column: Int) -> [[Double]]
  ) -> [Tensor] {
    var corners: [Double] = []
    for row in 0..<rows { for column in 0..<columns { corners += boxes(row, column).flatMap { $0 } } }
    if isClipped { corners = corners.map { min(max($0, 0), 1) } }
    let spread = corners.indices.map { variances[$0 % 4] }
    return [Tensor(.f32, Shape(valid: [2, corners.count]), converting: corners + spread)]
  }
}
