package import OctetGraph
package import OctetTensor

/// Sums or means of rows of a table, one for each bag of indices  (opset3, opset15).
///
/// How indices are told to bags:
///
///     packed:    indices [bags, K]: a row is a bag
///     offsets:   indices [I], and where each bag begins [bags]
///     segments:  indices [I], the bag of each [I], ascending, and how many bags there are
///
/// Operands: the table [rows, …], then these; behind `offsets` and `segments` the row of an empty bag (−1 or none: zeros);
/// and last a weight for each index.
package struct EmbeddingBag: Operator {
  package enum Grouping: String, Sendable {
    case packed, offsets, segments
  }

  package enum Reduction: String, CaseIterable, Sendable {
    case sum, mean
  }

  package static let name = "EmbeddingBag"
  package let grouping: Grouping
  package let reduction: Reduction

  package init(grouping: Grouping, reduction: Reduction) {
    self.grouping = grouping
    self.reduction = reduction
  }

  package var attributes: String { "\(grouping.rawValue) \(reduction.rawValue)" }

  /// Where the row of an empty bag and the weights stand among the operands.
  private var defaultOperand: Int? { [.packed: nil, .offsets: 3, .segments: 4][grouping] ?? nil }
  private var weightsOperand: Int { [.packed: 2, .offsets: 4, .segments: 5][grouping] ?? 2 }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let least = [Grouping.packed: 2, .offsets: 3, .segments: 4][grouping] ?? 2
    try operands.expect(least...weightsOperand + 1, of: Self.name)
    for index in 1..<min(operands.count, weightsOperand) { try operands.expectIndices(at: index, of: Self.name) }
    let (table, indices) = (operands[0], operands[1])
    guard table.elementType.isFloatingPoint, table.shape.rank > 0, indices.shape.rank == (grouping == .packed ? 2 : 1)
    else {
      throw .mismatch(
        "operands of \(Self.name) (\(grouping.rawValue))", expected: "a table and lists of indices",
        found: "\(table.type), \(indices.type)")
    }
    if operands.count > weightsOperand {
      let weights = operands[weightsOperand]
      guard weights.elementType == table.elementType, weights.shape.isCompatible(with: indices.shape) else {
        throw .mismatch("weights of \(Self.name)", expected: "one for each index", found: "\(weights.type)")
      }
    }
    let bags = try bagCount(operands)
    return [table.type.with(shape: PartialShape([bags] + table.shape.dimensions.dropFirst()))]
  }

  private func bagCount(_ operands: [Operand]) throws(OperatorError) -> Dimension {
    switch grouping {
    case .packed: return operands[1].shape[0]
    case .offsets:
      guard operands[2].shape.rank == 1 else {
        throw .mismatch("offsets of \(Self.name)", expected: "a list", found: "\(operands[2].type)")
      }
      return operands[2].shape[0]
    case .segments:
      guard operands[2].shape.isCompatible(with: operands[1].shape) else {
        throw .mismatch("segments of \(Self.name)", expected: "one for each index", found: "\(operands[2].type)")
      }
      guard operands.know(3) else { return .dynamic }
      let count = try operands.requiredInteger(at: 3, "number of segments of \(Self.name)")
      guard (0...Shape.maximumElementCount).contains(count) else {
        throw .mismatch("number of segments of \(Self.name)", expected: "0 or more", found: "\(count)")
      }
      return .fixed(count)
    }
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let rows = operands[0].shape[0]
    let width = operands[0].shape.count(in: 1..<operands[0].shape.rank)
    let indices = try self.indices(operands, 1, below: rows, "index")
    let weights = operands.count > weightsOperand ? operands[weightsOperand].doubles : nil
    var missing: Int?
    if let place = defaultOperand, place < operands.count, let row = operands[place].integers?.first, row != -1 {
      guard (0..<rows).contains(row) else {
        throw .mismatch("row of an empty bag of \(Self.name)", expected: "−1 to \(rows - 1)", found: "\(row)")
      }
      missing = row
    }
    let table = operands[0].doubles
    var values = [Double](repeating: 0, count: shape.elementCount)
    for (bag, members) in try members(operands, bags: shape[0], count: indices.count).enumerated() {
      func add(_ row: Int, _ weight: Double) {
        for column in 0..<width { values[bag * width + column] += table[row * width + column] * weight }
      }
      if members.isEmpty, let missing { add(missing, 1) }
      let share = reduction == .mean ? 1 / Double(max(members.count, 1)) : 1
      for member in members { add(indices[member], (weights?[member] ?? 1) * share) }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }

  /// Which of the indices belong to each bag.
  private func members(_ operands: [Tensor], bags: Int, count: Int) throws(OperatorError) -> [Range<Int>] {
    switch grouping {
    case .packed:
      let size = operands[1].shape[1]
      return (0..<bags).map { $0 * size..<($0 + 1) * size }
    case .offsets:
      let starts = try indices(operands, 2, below: count + 1, "offset")
      let ends = starts.dropFirst() + [count]
      guard zip(starts, ends).allSatisfy({ $0 <= $1 }) else {
        throw .mismatch("offsets of \(Self.name)", expected: "ascending ones", found: "\(starts.prefix(9))")
      }
      return zip(starts, ends).map { $0..<$1 }
    case .segments:
      let segments = try indices(operands, 2, below: bags, "segment")
      guard zip(segments, segments.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw .mismatch("segments of \(Self.name)", expected: "ascending ones", found: "\(segments.prefix(9))")
      }
      var start = 0
      return (0..<bags).map { bag in
        var end = start
        while end < segments.count, segments[end] == bag { end += 1 }
        defer { start = end }
        return start..<end
      }
    }
  }

  private func indices(
    _ operands: [Tensor], _ operand: Int, below limit: Int, _ what: String
  ) throws(OperatorError) -> [Int] {
    let values = operands[operand].integers ?? [-1]
    if let stray = values.first(where: { !(0..<limit).contains($0) }) {
      throw .mismatch("\(what) of \(Self.name)", expected: "0 to \(limit - 1)", found: "\(stray)")
    }
    return values
  }
}
