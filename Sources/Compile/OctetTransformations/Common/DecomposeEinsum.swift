import OctetGraph
import OctetOperators
import OctetTensor

/// `Einsum(a, b)`  ⇒  `MatMul(a as [batch, left, summed], b as [batch, summed, right])`, and back to the order of the result.
///
/// Letters that one operand alone has and the result has not are summed first. Of more than two operands the first two are
/// taken together. Extents must be known, but for those of the batch. OpenVINO's EinsumDecomposition.
struct DecomposeEinsum: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let einsum = node.op as? Einsum, node.type.elementType == .f32, let letters = einsum.letters,
      letters.operands.allSatisfy({ Set($0).count == $0.count })
    else { return nil }
    if letters.operands.count > 2 { return nested(node, letters.operands, letters.result, in: graph) }

    var patch = GraphPatch(to: graph)
    let sides = zip(node.operands, letters.operands).map { value, own in
      EinsumSide(value: value, letters: own, dimensions: graph.type(of: value).shape.dimensions)
    }
    let kept = sides.indices.map { index in
      let others = Set(letters.result + (sides.count == 2 ? letters.operands[1 - index] : []))
      return sides[index].summing(allBut: others, from: node, to: &patch)
    }
    let result =
      kept.count == 2 ? product(kept[0], kept[1], letters.result, from: node, to: &patch) : kept.first
    guard let result else { return nil }
    patch.replace(node.value, with: result.inOrder(letters.result, from: node, to: &patch).value)
    return patch
  }

  /// `Einsum(a, b, c, …)`  ⇒  `Einsum(Einsum(a, b), c, …)`
  private func nested(
    _ node: Node, _ operands: [[Character]], _ result: [Character], in graph: Graph
  ) -> GraphPatch? {
    let needed = Set(result + operands.dropFirst(2).flatMap(\.self))
    let both = operands[0] + operands[1].filter { !operands[0].contains($0) }
    let joined = both.filter(needed.contains)
    func equation(_ sides: [[Character]], _ result: [Character]) -> String {
      "\(sides.map { String($0) }.joined(separator: ","))->\(String(result))"
    }
    guard let first = try? Einsum(equation: equation(Array(operands.prefix(2)), joined)),
      let rest = try? Einsum(equation: equation([joined] + operands.dropFirst(2), result))
    else { return nil }

    var patch = GraphPatch(to: graph)
    let inner = patch.add(first, Array(node.operands.prefix(2)), from: node, fused: [])
    patch.replace(node.value, with: patch.add(rest, [inner] + node.operands.dropFirst(2), from: node))
    return patch
  }

  /// The product of matrices; nil where an extent must be known and is not.
  private func product(
    _ a: EinsumSide, _ b: EinsumSide, _ result: [Character], from node: Node, to patch: inout GraphPatch
  ) -> EinsumSide? {
    let batch = result.filter { a.letters.contains($0) && b.letters.contains($0) }
    let left = result.filter { a.letters.contains($0) && !b.letters.contains($0) }
    let right = result.filter { b.letters.contains($0) && !a.letters.contains($0) }
    let summed = a.letters.filter { b.letters.contains($0) && !result.contains($0) }
    guard batch.allSatisfy({ a.dimension(of: $0) == b.dimension(of: $0) }), a.areKnown(left), a.areKnown(summed),
      b.areKnown(right), b.areKnown(summed)
    else { return nil }
    // Where b has its rows last, as Einsum mostly spells it, nothing is moved.
    let isTransposed = b.letters.last.map(summed.contains) ?? false
    let rows = a.matrix(batch, left, summed, from: node, to: &patch)
    let columns = b.matrix(
      batch, isTransposed ? right : summed, isTransposed ? summed : right, from: node, to: &patch)
    let matMul = MatMul(transposeA: false, transposeB: isTransposed)
    let dimensions = a.dimensions(of: batch + left) + b.dimensions(of: right)
    var value = patch.add(matMul, [rows, columns], from: node)
    if left.count != 1 || right.count != 1 {
      let extents = dimensions.dropFirst(batch.count).compactMap(\.fixedExtent)
      value = EinsumSide.reshaped(value, batchCount: batch.count, extents, from: node, to: &patch)
    }
    return EinsumSide(value: value, letters: batch + left + right, dimensions: dimensions)
  }
}

/// A tensor whose axes have letters.
private struct EinsumSide {
  let value: Value
  let letters: [Character]
  let dimensions: [Dimension]

  func dimension(of letter: Character) -> Dimension? { letters.firstIndex(of: letter).map { dimensions[$0] } }
  func dimensions(of letters: [Character]) -> [Dimension] { letters.compactMap(dimension(of:)) }
  func areKnown(_ letters: [Character]) -> Bool { dimensions(of: letters).allSatisfy { $0.fixedExtent != nil } }

  func summing(allBut kept: Set<Character>, from node: Node, to patch: inout GraphPatch) -> EinsumSide {
    let axes = letters.indices.filter { !kept.contains(letters[$0]) }
    guard !axes.isEmpty else { return self }
    let sum = patch.add(
      ReduceSum(keepsAxes: false), [value, Self.integers(axes, from: node, to: &patch)], from: node, fused: [])
    let left = letters.indices.filter { !axes.contains($0) }
    return EinsumSide(value: sum, letters: left.map { letters[$0] }, dimensions: left.map { dimensions[$0] })
  }

  func inOrder(_ order: [Character], from node: Node, to patch: inout GraphPatch) -> EinsumSide {
    guard order != letters else { return self }
    let axes = order.compactMap(letters.firstIndex(of:))
    let moved = patch.add(
      Transpose(), [value, Self.integers(axes, from: node, to: &patch)], from: node, fused: [])
    return EinsumSide(value: moved, letters: order, dimensions: axes.map { dimensions[$0] })
  }

  /// A matrix for each element of the batch: letters of a group are one axis, and a group without letters is one of extent 1.
  func matrix(
    _ batch: [Character], _ rows: [Character], _ columns: [Character], from node: Node, to patch: inout GraphPatch
  ) -> Value {
    let ordered = inOrder(batch + rows + columns, from: node, to: &patch)
    guard rows.count != 1 || columns.count != 1 else { return ordered.value }
    let extents = [rows, columns].map { dimensions(of: $0).compactMap(\.fixedExtent).reduce(1, *) }
    return Self.reshaped(ordered.value, batchCount: batch.count, extents, from: node, to: &patch)
  }

  /// With the first axes as they are.
  static func reshaped(
    _ value: Value, batchCount: Int, _ extents: [Int], from node: Node, to patch: inout GraphPatch
  ) -> Value {
    let target = integers([Int](repeating: 0, count: batchCount) + extents, from: node, to: &patch)
    return patch.add(Reshape(specialZero: true), [value, target], from: node, fused: [])
  }

  private static func integers(_ values: [Int], from node: Node, to patch: inout GraphPatch) -> Value {
    patch.addConstant(Tensor(.i64, Shape(valid: [values.count]), elements: values.map(Int64.init)), from: node)
  }
}
