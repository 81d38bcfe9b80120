package import OctetGraph
package import OctetTensor

/// A sum of products over named axes: `ij,jk->ik` is a product of matrices  (opset7).
///
/// Each letter is an axis. Those that the result does not name are summed over, a letter twice in one operand takes the
/// diagonal, and `...` stands for axes without a name, which broadcast. Without `->` the result has the letters that occur
/// once, in alphabetical order.
package struct Einsum: Operator {
  package static let name = "Einsum"
  private static let maximumLength = 1 << 10
  /// The meaning takes so many products; what has more must be a product of matrices.
  private static let maximumProducts = 1 << 34

  package let equation: String
  private let inputs: [Subscript]
  private let output: Subscript

  /// Letters in front of an ellipsis, and behind it.
  private struct Subscript: Sendable, Equatable {
    var front: [Character] = []
    /// Nil without an ellipsis.
    var back: [Character]?

    var letters: [Character] { front + (back ?? []) }

    init(_ text: Substring) throws(OperatorError) {
      let parts = text.filter { $0 != " " }.split(separator: "...", omittingEmptySubsequences: false)
      guard parts.count <= 2, parts.joined().allSatisfy({ $0.isASCII && $0.isLetter }) else {
        throw .mismatch("subscript of \(Einsum.name)", expected: "letters and at most one ellipsis", found: "'\(text)'")
      }
      front = Array(parts.first ?? "")
      back = parts.count == 2 ? Array(parts[1]) : nil
    }

    init(front: [Character], back: [Character]?) {
      self.front = front
      self.back = back
    }

    /// Names for the axes of a tensor of this rank; unnamed ones count from behind.
    func axes(rank: Int) throws(OperatorError) -> [Axis] {
      let unnamed = rank - letters.count
      guard back == nil ? unnamed == 0 : unnamed >= 0 else {
        throw .mismatch("operand of \(Einsum.name)", expected: "\(letters.count) axes", found: "\(rank)")
      }
      return front.map(Axis.named) + (0..<unnamed).reversed().map(Axis.unnamed) + (back ?? []).map(Axis.named)
    }
  }

  private enum Axis: Hashable {
    case named(Character)
    case unnamed(Int)
  }

  package init(equation: String) throws(OperatorError) {
    guard equation.utf8.count <= Self.maximumLength else {
      throw .mismatch("equation of \(Self.name)", expected: "at most \(Self.maximumLength) bytes", found: "more")
    }
    let sides = equation.split(separator: "->", omittingEmptySubsequences: false)
    guard (1...2).contains(sides.count) else {
      throw .mismatch("equation of \(Self.name)", expected: "at most one ->", found: "'\(equation)'")
    }
    var inputs: [Subscript] = []
    for part in sides[0].split(separator: ",", omittingEmptySubsequences: false) { inputs.append(try Subscript(part)) }
    let letters = inputs.flatMap(\.letters)
    if sides.count == 2 {
      output = try Subscript(sides[1])
    } else {
      let once = Set(letters).filter { letter in letters.count { $0 == letter } == 1 }.sorted()
      let hasEllipsis = inputs.contains { $0.back != nil }
      output = Subscript(front: hasEllipsis ? [] : once, back: hasEllipsis ? once : nil)
    }
    guard Set(output.letters).count == output.letters.count, output.letters.allSatisfy(letters.contains) else {
      throw .mismatch(
        "result of \(Self.name)", expected: "letters of the operands, each once", found: "'\(equation)'")
    }
    self.equation = equation
    self.inputs = inputs
  }

  /// The letters of each operand and of the result; nil where axes have no names.
  package var letters: (operands: [[Character]], result: [Character])? {
    guard (inputs + [output]).allSatisfy({ $0.back == nil }) else { return nil }
    return (inputs.map(\.front), output.front)
  }

  package static func == (a: Einsum, b: Einsum) -> Bool { a.equation == b.equation }

  package var attributes: String { equation }

  /// The axes of each operand and of the result, and the extent of each.
  private func axes(
    _ operands: [Operand]
  ) throws(OperatorError) -> (operands: [[Axis]], result: [Axis], extents: [Axis: Dimension]) {
    try operands.expect(inputs.count, of: Self.name)
    var extents: [Axis: Dimension] = [:]
    var own: [[Axis]] = []
    for (subscripts, operand) in zip(inputs, operands) {
      guard operand.elementType == operands[0].elementType, operand.elementType.isByteAddressable else {
        throw .mismatch("operands of \(Self.name)", expected: "\(operands[0].elementType)", found: "\(operand.type)")
      }
      let axes = try subscripts.axes(rank: operand.shape.rank)
      for (axis, dimension) in zip(axes, operand.shape.dimensions) {
        extents[axis] = try Self.common(extents[axis], dimension, broadcasts: axis)
      }
      own.append(axes)
    }
    let unnamed = extents.keys.count { if case .unnamed = $0 { true } else { false } }
    let result = try output.axes(rank: output.letters.count + (output.back == nil ? 0 : unnamed))
    return (own, result, extents)
  }

  private static func common(
    _ known: Dimension?, _ dimension: Dimension, broadcasts axis: Axis
  ) throws(OperatorError) -> Dimension {
    guard let known, known != dimension else { return dimension }
    if case .unnamed = axis { return try Broadcasting.shape([known], [dimension])[0] }
    guard let extent = known.fixedExtent else { return dimension }
    guard dimension.accepts(extent) else {
      throw .mismatch("axes of one name in \(name)", expected: "extent \(extent)", found: "\(dimension)")
    }
    return known
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let (_, result, extents) = try axes(operands)
    return [operands[0].type.with(shape: PartialShape(result.map { extents[$0] ?? 1 }))]
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let extents = try? axes(operands).extents.values.map({ $0.fixedExtent ?? 0 }) else { return 0 }
    return (try? Extent.product(Array(extents), of: Self.name)) ?? 0
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (own, result, extents) = try axes(operands.known)
    let summed = Array(Set(extents.keys).subtracting(result))
    let order = result + summed
    let counts = order.map { extents[$0]?.fixedExtent ?? 1 }
    let strides = zip(operands, own).map { operand, axes in
      let steps = operand.shape.strides
      // A letter that occurs twice walks along both axes; an axis of extent 1 does not move.
      return order.map { axis in
        axes.indices.reduce(0) { $0 + (axes[$1] == axis && operand.shape[$1] > 1 ? steps[$1] : 0) }
      }
    }
    let terms = try Extent.product(counts[result.count...].map { $0 }, of: Self.name)
    guard try Extent.product(terms, max(shape.elementCount, 1), of: Self.name) <= Self.maximumProducts else {
      throw .mismatch("products of \(Self.name)", expected: "at most \(Self.maximumProducts)", found: "more")
    }
    let values = operands.map(\.doubles)
    var results = [Double](repeating: 0, count: shape.elementCount)
    var position = [Int](repeating: 0, count: order.count)
    var offsets = [Int](repeating: 0, count: operands.count)
    for index in results.indices {
      for _ in 0..<terms {
        results[index] += zip(values, offsets).reduce(1) { $0 * $1.0[$1.1] }
        Self.advance(&position, &offsets, counts, strides)
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: results)]
  }

  /// The next position, last axis first.
  private static func advance(
    _ position: inout [Int], _ offsets: inout [Int], _ counts: [Int], _ strides: [[Int]]
  ) {
    for axis in counts.indices.reversed() {
      position[axis] += 1
      let isCarried = position[axis] == counts[axis]
      for operand in offsets.indices {
        offsets[operand] += isCarried ? strides[operand][axis] * (1 - counts[axis]) : strides[operand][axis]
      }
      guard isCarried else { return }
      position[axis] = 0
    }
  }
}
