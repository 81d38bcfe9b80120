package import OctetGraph
package import OctetTensor

/// The different elements of x, or its different slices along an axis  (opset10).
///
/// Results: these, where each occurs first, which of them each element is, and how often each occurs. How many there are
/// depends on the values. Operands: x and, unless x is taken as one list, the axis.
package struct Unique: Operator {
  package static let name = "Unique"
  /// Ascending, otherwise in the order of their first occurrence.
  package let isSorted: Bool
  package let indexType: ElementType
  package let countType: ElementType

  package init(isSorted: Bool, indexType: ElementType, countType: ElementType) throws(OperatorError) {
    for type in [indexType, countType] where type != .i64 && type != .i32 {
      throw .mismatch("index types of Unique", expected: "i32 or i64", found: "\(type)")
    }
    self.isSorted = isSorted
    self.indexType = indexType
    self.countType = countType
  }

  package var attributes: String { isSorted ? "sorted" : "" }

  private func axis(_ operands: [Operand]) throws(OperatorError) -> Int? {
    try operands.expect(1...2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    guard operands.count == 2 else { return nil }
    let given = try operands.requiredInteger(at: 1, "axis of Unique")
    return try Axis.normalized(given, rank: operands[0].shape.rank, of: Self.name)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    var dimensions: [Dimension] = [.dynamic]
    let elements: Dimension
    if let axis = try axis(operands) {
      dimensions = operands[0].shape.dimensions
      elements = dimensions[axis]
      dimensions[axis] = .dynamic
    } else {
      elements = operands[0].shape.fixed.map { .fixed($0.elementCount) } ?? .dynamic
    }
    return [
      operands[0].type.with(shape: PartialShape(dimensions)), TensorType(indexType, [.dynamic]),
      TensorType(indexType, [elements]), TensorType(countType, [.dynamic]),
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try axis(operands.known)
    let x = axis == nil ? operands[0].reshaped(to: Shape(valid: [operands[0].elementCount])) : operands[0]
    let along = axis ?? 0
    let (outer, count) = (x.shape.count(in: 0..<along), x.shape[along])
    let inner = x.shape.count(in: along + 1..<x.shape.rank)
    let values = x.doubles
    let slices = (0..<count).map { index in
      (0..<outer).flatMap { row in values[((row * count + index) * inner)...].prefix(inner) }
    }
    var firsts: [Int] = []
    var groups: [Int] = []
    var known: [[Double]: Int] = [:]
    for (index, slice) in slices.enumerated() {
      // NaN equals nothing, not even itself. As keys, many of them would all meet in one place of the dictionary.
      let isComparable = !slice.contains(where: \.isNaN)
      if isComparable, let group = known[slice] {
        groups.append(group)
        continue
      }
      if isComparable { known[slice] = firsts.count }
      groups.append(firsts.count)
      firsts.append(index)
    }
    var order = Array(firsts.indices)
    if isSorted { order.sort { slices[firsts[$0]].lexicographicallyPrecedes(slices[firsts[$1]]) } }
    var ranks = [Int](repeating: 0, count: order.count)
    for (rank, group) in order.enumerated() { ranks[group] = rank }
    firsts = order.map { firsts[$0] }
    let numbers = groups.map { ranks[$0] }
    var counts = [Double](repeating: 0, count: firsts.count)
    for number in numbers { counts[number] += 1 }
    return [
      x.selecting(firsts, alongAxis: along),
      Tensor(indexType, Shape(valid: [firsts.count]), converting: firsts.map(Double.init)),
      Tensor(indexType, Shape(valid: [count]), converting: numbers.map(Double.init)),
      Tensor(countType, Shape(valid: [firsts.count]), converting: counts),
    ]
  }
}
