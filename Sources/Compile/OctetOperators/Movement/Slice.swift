package import OctetGraph
package import OctetTensor

/// A part of a tensor: y[i] = x[start + i · step] along each of some axes, up to but without stop  (opset8).
///
/// Operands: x, starts, stops, steps and, optionally, the axes they are for (by default the first ones). Negative bounds
/// count from the end, and bounds outside the axis are cut to it.
package struct Slice: Movement {
  package static let name = "Slice"

  package init() {}

  private struct Bounds {
    let start: Int
    let stop: Int
    let step: Int

    /// The first index taken of an axis of this extent, and how many.
    func span(_ extent: Int) -> (first: Int, count: Int) {
      func place(_ bound: Int, in range: ClosedRange<Int>) -> Int {
        // Bounds reach to ±2⁶³: compared before anything is added.
        let fromFront = bound >= 0 ? bound : (bound < -extent ? -1 : bound + extent)
        return min(max(fromFront, range.lowerBound), range.upperBound)
      }
      if extent == 0 { return (0, 0) }
      let (first, distance, width): (Int, Int, UInt)
      if step > 0 {
        first = place(start, in: 0...extent)
        distance = place(stop, in: 0...extent) - first
        width = step.magnitude
      } else {
        first = place(start, in: -1...extent - 1)
        distance = first - place(stop, in: -1...extent - 1)
        width = step.magnitude
      }
      return (first, distance <= 0 ? 0 : Int((UInt(distance) - 1) / width + 1))
    }
  }

  private func bounds(_ operands: [Operand]) throws(OperatorError) -> [Int: Bounds] {
    try operands.expect(4...5, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let starts = try operands.requiredIntegers(at: 1, "starts of Slice")
    let stops = try operands.requiredIntegers(at: 2, "stops of Slice")
    let steps = try operands.requiredIntegers(at: 3, "steps of Slice")
    let given = operands.count == 5 ? try operands.requiredIntegers(at: 4, "axes of Slice") : Array(starts.indices)
    let axes = try Axis.normalized(given, rank: operands[0].shape.rank, of: Self.name)
    guard starts.count == axes.count, stops.count == axes.count, steps.count == axes.count, !steps.contains(0),
      Set(axes).count == axes.count
    else {
      throw .mismatch(
        "bounds of Slice", expected: "as many starts, stops and steps other than 0 as different axes",
        found: "\(starts), \(stops), \(steps) and axes \(given)")
    }
    var bounds: [Int: Bounds] = [:]
    for (index, axis) in axes.enumerated() {
      bounds[axis] = Bounds(start: starts[index], stop: stops[index], step: steps[index])
    }
    return bounds
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard operands.know(1, 2, 3, 4) else { return [try openType(operands)] }
    let bounds = try bounds(operands)
    let dimensions = operands[0].shape.dimensions.enumerated().map { axis, dimension in
      guard let own = bounds[axis] else { return dimension }
      return dimension.fixedExtent.map { .fixed(own.span($0).count) } ?? .dynamic
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  /// Open along the axes that are cut, or along all while these are not known.
  private func openType(_ operands: [Operand]) throws(OperatorError) -> TensorType {
    try operands.expect(4...5, of: Self.name)
    try operands.expectMovable(of: Self.name)
    var dimensions = operands[0].shape.dimensions
    let given = try operands.integers(at: 4, "axes of Slice") ?? Array(dimensions.indices)
    for axis in try Axis.normalized(given, rank: dimensions.count, of: Self.name) { dimensions[axis] = .dynamic }
    return operands[0].type.with(shape: PartialShape(dimensions))
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let bounds = try bounds(operands.known)
    let indices = operands[0].shape.extents.enumerated().map { axis, extent in
      guard let own = bounds[axis] else { return Array(0..<extent) }
      let (first, count) = own.span(extent)
      return (0..<count).map { first + $0 * own.step }
    }
    return [operands[0].selecting(indices)]
  }
}
