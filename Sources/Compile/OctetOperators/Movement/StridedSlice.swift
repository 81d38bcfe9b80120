package import OctetGraph
package import OctetTensor

/// A part of a tensor: from begin to end in steps, per axis  (opset1).
///
/// Operands: x, begin, end and, optionally, strides. A 1 in a mask means: from the first (begin mask), to the last (end
/// mask), insert an axis (new), take one index and drop the axis (shrink), skip axes (ellipsis).
package struct StridedSlice: Movement {
  package static let name = "StridedSlice"
  package let beginMask: [Int]
  package let endMask: [Int]
  package let newAxisMask: [Int]
  package let shrinkAxisMask: [Int]
  package let ellipsisMask: [Int]

  package init(
    beginMask: [Int], endMask: [Int], newAxisMask: [Int] = [], shrinkAxisMask: [Int] = [], ellipsisMask: [Int] = []
  ) throws(OperatorError) {
    guard ellipsisMask.count(where: { $0 != 0 }) <= 1 else {
      throw .mismatch("ellipsis_mask of StridedSlice", expected: "at most one 1", found: "\(ellipsisMask)")
    }
    self.beginMask = beginMask
    self.endMask = endMask
    self.newAxisMask = newAxisMask
    self.shrinkAxisMask = shrinkAxisMask
    self.ellipsisMask = ellipsisMask
  }

  /// One entry of the slice specification, along a source axis or inserting one.
  private enum Entry {
    case whole(axis: Int)
    case slice(axis: Int, begin: Int, end: Int, stride: Int, entry: Int)
    case shrink(axis: Int, index: Int)
    case newAxis
  }

  private func entries(_ operands: [Operand]) throws(OperatorError) -> [Entry] {
    try operands.expect(3...4, of: Self.name)
    let rank = operands[0].shape.rank
    // Masks alone say which axes there will be, whatever the bounds.
    let open = [Int](repeating: 0, count: try operands.valueCount(at: 1, "begin of StridedSlice"))
    let begin = try operands.integers(at: 1, "begin of StridedSlice") ?? open
    let end = try operands.integers(at: 2, "end of StridedSlice") ?? open
    let strides = try operands.integers(at: 3, "strides of StridedSlice") ?? [Int](repeating: 1, count: begin.count)
    guard end.count == begin.count, strides.count == begin.count, !strides.contains(0) else {
      throw .mismatch(
        "bounds of StridedSlice", expected: "equally many and no stride 0", found: "\(begin), \(end), \(strides)")
    }
    func isSet(_ mask: [Int], _ entry: Int) -> Bool { entry < mask.count && mask[entry] != 0 }
    let inserted = begin.indices.count { isSet(newAxisMask, $0) }
    let consumed = begin.count - inserted - begin.indices.count { isSet(ellipsisMask, $0) }
    guard consumed <= rank else {
      throw .mismatch("bounds of StridedSlice", expected: "at most \(rank)", found: "\(consumed)")
    }
    var entries: [Entry] = []
    var axis = 0
    for entry in begin.indices {
      if isSet(ellipsisMask, entry) {
        for _ in 0..<(rank - consumed) {
          entries.append(.whole(axis: axis))
          axis += 1
        }
      } else if isSet(newAxisMask, entry) {
        entries.append(.newAxis)
      } else if isSet(shrinkAxisMask, entry) {
        entries.append(.shrink(axis: axis, index: begin[entry]))
        axis += 1
      } else {
        entries.append(.slice(axis: axis, begin: begin[entry], end: end[entry], stride: strides[entry], entry: entry))
        axis += 1
      }
    }
    while axis < rank {
      entries.append(.whole(axis: axis))
      axis += 1
    }
    return entries
  }

  /// Evenly spaced indices of an axis.
  private struct Steps {
    let first: Int
    let count: Int
    let step: Int

    var indices: [Int] { (0..<count).map { first + $0 * step } }
  }

  /// What a slice takes of an axis of this extent.
  private func steps(_ extent: Int, begin: Int, end: Int, stride: Int, entry: Int) -> Steps {
    func isSet(_ mask: [Int]) -> Bool { entry < mask.count && mask[entry] != 0 }
    // Bounds count from the back when negative, and are cut to the axis; ±2⁶³ mean "all".
    func bound(_ value: Int) -> Int { value < 0 ? max(value, -extent - 1) + extent : min(value, extent) }
    // A longer step takes no more than the first index either.
    let step = min(max(stride, -extent - 1), extent + 1)
    if step > 0 {
      let first = isSet(beginMask) ? 0 : max(0, bound(begin))
      let last = isSet(endMask) ? extent : bound(end)
      return Steps(first: first, count: max(0, last - first + step - 1) / step, step: step)
    }
    let first = isSet(beginMask) ? extent - 1 : min(extent - 1, bound(begin))
    let last = isSet(endMask) ? -1 : max(-1, bound(end))
    return Steps(first: first, count: max(0, first - last - step - 1) / -step, step: step)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    var dimensions: [Dimension] = []
    for entry in try entries(operands) {
      switch entry {
      case .whole(let axis): dimensions.append(operands[0].shape[axis])
      case .newAxis: dimensions.append(1)
      case .shrink(let axis, let index):
        if operands.know(1), let extent = operands[0].shape[axis].fixedExtent, !(-extent..<extent).contains(index) {
          throw .mismatch("index of StridedSlice", expected: "\(-extent)…\(extent - 1)", found: "\(index)")
        }
      case .slice(let axis, let begin, let end, let stride, let entry):
        guard operands.know(1, 2, 3), let extent = operands[0].shape[axis].fixedExtent else {
          dimensions.append(.dynamic)
          continue
        }
        dimensions.append(.fixed(steps(extent, begin: begin, end: end, stride: stride, entry: entry).count))
      }
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let strides = source.strides
    var gathered = [0]
    for entry in try entries(operands.map { Operand(type: $0.type, constant: $0) }) {
      let (axis, taken): (Int, [Int])
      switch entry {
      case .newAxis: continue
      case .whole(let own): (axis, taken) = (own, Array(0..<source[own]))
      case .shrink(let own, let index): (axis, taken) = (own, [index < 0 ? index + source[own] : index])
      case .slice(let own, let begin, let end, let stride, let entry):
        (axis, taken) = (own, steps(source[own], begin: begin, end: end, stride: stride, entry: entry).indices)
      }
      gathered = gathered.flatMap { base in taken.map { base + $0 * strides[axis] } }
    }
    return [operands[0].gathering(gathered, shape: shape)]
  }
}
