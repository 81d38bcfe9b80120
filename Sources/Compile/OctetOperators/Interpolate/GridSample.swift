package import OctetGraph
package import OctetTensor

/// Pixels of an image at places that a second operand gives  (opset9).
///
/// Operands: x [N, C, H, W] and places [N, H', W', 2], x before y, from −1 to 1 across the image. The result is
/// [N, C, H', W'].
package struct GridSample: Operator {
  package enum Mode: String, CaseIterable, Sendable {
    case bilinear, bicubic, nearest
  }

  /// What stands behind the edge.
  package enum Padding: String, CaseIterable, Sendable {
    case zeros, border, reflection
  }

  package static let name = "GridSample"
  package let mode: Mode
  package let padding: Padding
  /// Whether ±1 are the middles of the outermost pixels rather than their outer edges.
  package let alignsCorners: Bool

  package init(mode: Mode, padding: Padding, alignsCorners: Bool) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }

  package var attributes: String { "\(mode.rawValue) \(padding.rawValue)\(alignsCorners ? " aligned" : "")" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let (x, grid) = (operands[0], operands[1])
    guard x.elementType.isFloatingPoint, grid.elementType.isFloatingPoint, x.shape.rank == 4, grid.shape.rank == 4,
      grid.shape.isCompatible(with: [x.shape[0], grid.shape[1], grid.shape[2], 2]),
      !x.shape.dimensions[2...].contains(.fixed(0))
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "x [N, C, H, W] and places [N, H', W', 2]",
        found: "\(x.type), \(grid.type)")
    }
    return [x.type.with(shape: [x.shape[0], x.shape[1], grid.shape[1], grid.shape[2]])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let map = FeatureMap(operands[0])
    let grid = operands[1].doubles
    let area = shape.count(in: 2..<4)
    var values = [Double](repeating: 0, count: shape.elementCount)
    for image in 0..<shape[0] {
      for pixel in 0..<area {
        let place = (image * area + pixel) * 2
        let columns = weights(inImage(grid[place], map.width))
        let rows = weights(inImage(grid[place + 1], map.height))
        for channel in 0..<shape[1] {
          var sum = 0.0
          for row in rows {
            for column in columns {
              guard let y = index(row.place, map.height), let x = index(column.place, map.width) else { continue }
              sum += row.weight * column.weight * map.value(image, channel, y, x)
            }
          }
          values[(image * shape[1] + channel) * area + pixel] = sum
        }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }

  private func inImage(_ place: Double, _ extent: Int) -> Double {
    alignsCorners ? (place + 1) * Double(extent - 1) / 2 : ((place + 1) * Double(extent) - 1) / 2
  }

  /// The pixels around a place along one axis, and how much each counts.
  private func weights(_ place: Double) -> [(place: Int, weight: Double)] {
    // Far outside is far outside: a request may hold any number.
    let low = FeatureMap.clamped(place.rounded(.down), to: -(1 << 40)...(1 << 40))
    let rest = place - Double(low)
    switch mode {
    case .nearest: return [(FeatureMap.clamped(place.rounded(.toNearestOrEven), to: -(1 << 40)...(1 << 40)), 1)]
    case .bilinear: return [(low, 1 - rest), (low + 1, rest)]
    case .bicubic: return (-1...2).map { (low + $0, Self.cubic(abs(rest - Double($0)))) }
    }
  }

  /// Keys' kernel with a = −0.75.
  private static func cubic(_ distance: Double) -> Double {
    let a = -0.75
    return distance <= 1
      ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
      : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
  }

  /// The pixel that stands at an index; nil for zeros.
  private func index(_ place: Int, _ extent: Int) -> Int? {
    switch padding {
    case .zeros: return (0..<extent).contains(place) ? place : nil
    case .border: return min(max(place, 0), extent - 1)
    case .reflection:
      let period = alignsCorners ? max(2 * (extent - 1), 1) : 2 * extent
      let own = ((place % period) + period) % period
      guard own >= extent else { return own }
      return alignsCorners ? period - own : period - 1 - own
    }
  }
}
