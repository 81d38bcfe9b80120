package import OctetGraph
package import OctetTensor

/// Pictures from the windows over them, overlaps summed: [N, C·kernel, windows] → [N, C, H, W]  (opset15).
///
/// Operands: x, the size of the picture and the size of a window.
package struct Col2Im: Operator {
  package static let name = "Col2Im"
  package let window: SpatialWindow

  package init(window: SpatialWindow) throws(OperatorError) {
    guard window.rank == 2 else {
      throw .mismatch("window of \(Self.name)", expected: "2 axes", found: "\(window.rank)")
    }
    self.window = window
  }

  /// Height and width of the picture and of a window, and how many windows there are along each.
  private func sizes(
    _ operands: [Operand]
  ) throws(OperatorError) -> (picture: [Int], kernel: [Int], counts: [Int]) {
    let picture = try operands.requiredIntegers(at: 1, "picture of \(Self.name)")
    let kernel = try operands.requiredIntegers(at: 2, "window of \(Self.name)")
    guard picture.count == 2, kernel.count == 2, picture.allSatisfy({ $0 >= 0 }) else {
      throw .mismatch(
        "sizes of \(Self.name)", expected: "height and width, twice", found: "\(picture) and \(kernel)")
    }
    let counts = try window.outputDimensions(input: picture.map(Dimension.fixed), kernel: kernel)
    return (picture, kernel, counts.compactMap(\.fixedExtent))
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let x = operands[0]
    guard x.elementType != .boolean, (2...3).contains(x.shape.rank) else {
      throw .mismatch("operand of \(Self.name)", expected: "[N, C·kernel, windows] or without N", found: "\(x.type)")
    }
    let front = x.shape.dimensions.dropLast(2)
    guard operands.know(1, 2) else {
      return [x.type.with(shape: PartialShape(front + [.dynamic, .dynamic, .dynamic]))]
    }
    let (picture, kernel, counts) = try sizes(operands)
    let windows = try Extent.product(counts, of: Self.name)
    let taps = try Extent.product(kernel, of: Self.name)
    let channels = try x.shape[x.shape.rank - 2].map { (extent) throws(OperatorError) in
      guard extent % taps == 0 else {
        throw .mismatch("operand of \(Self.name)", expected: "a multiple of \(taps) rows", found: "\(extent)")
      }
      return extent / taps
    }
    guard x.shape[x.shape.rank - 1].accepts(windows) else {
      throw .mismatch("operand of \(Self.name)", expected: "\(windows) windows", found: "\(x.type)")
    }
    return [x.type.with(shape: PartialShape(front + [channels] + picture.map(Dimension.fixed)))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (picture, kernel, counts) = try sizes(operands.known)
    let taps = WindowTaps(window, input: picture, kernel: kernel, output: counts)
    let (area, windows) = (picture.reduce(1, *), counts.reduce(1, *))
    let x = operands[0].doubles
    var y = [Double](repeating: 0, count: shape.elementCount)
    for plane in 0..<shape.count(in: 0..<shape.rank - 2) {
      for tap in 0..<taps.kernelCount {
        taps.forEachPosition(ofTap: tap) { position, pixel in
          y[plane * area + pixel] += x[(plane * taps.kernelCount + tap) * windows + position]
        }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }
}
