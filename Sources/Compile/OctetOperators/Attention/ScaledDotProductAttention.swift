import Glibc
package import OctetGraph
package import OctetTensor

/// y = softmax(q·kᵀ·scale + mask)·v  (opset13)
///
/// Operands: q [N…, L, E], k [N…, S, E], v [N…, S, F] and, optionally, a mask [N…, L, S] and the scale, by default 1/√E. A
/// mask is added, or, of truth values, says what may be seen. `isCausal` takes no mask: row i sees columns up to i. A row
/// that sees nothing is NaN, as in OpenVINO.
package struct ScaledDotProductAttention: Operator {
  package static let name = "ScaledDotProductAttention"
  package let isCausal: Bool

  package init(isCausal: Bool) { self.isCausal = isCausal }

  package var attributes: String { isCausal ? "causal" : "" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3...5, of: Self.name)
    try operands.expectNormalizable(rank: 2, of: Self.name)
    let type = operands[0].elementType
    let shapes = operands[..<3].map(\.shape)
    guard operands[..<3].allSatisfy({ $0.elementType == type }), shapes.allSatisfy({ $0.rank == shapes[0].rank }) else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "three of one type and rank",
        found: operands[..<3].map { "\($0.type)" }.joined(separator: ", "))
    }
    let last = shapes[0].rank - 1
    let inner = PartialShape([shapes[0][last], shapes[1][last - 1]])
    guard inner.isCompatible(with: PartialShape([shapes[1][last], shapes[2][last - 1]])) else {
      throw .mismatch("operands of \(Self.name)", expected: "q·kᵀ and then ·v to match", found: "\(shapes)")
    }
    let keys = try Broadcasting.shape(batch(shapes[0]), batch(shapes[1]))
    let all = try Broadcasting.shape(keys, batch(shapes[2]))
    if operands.count > 3, !isCausal {
      let mask = operands[3]
      guard mask.elementType == type || mask.elementType == .boolean else {
        throw .mismatch("mask of \(Self.name)", expected: "\(type) or booleans", found: "\(mask.elementType)")
      }
      let scores = PartialShape(all.dimensions + [shapes[0][last - 1], shapes[1][last - 1]])
      guard try Broadcasting.shape(scores, mask.shape).isCompatible(with: scores) else {
        throw .mismatch("mask of \(Self.name)", expected: "what stretches to \(scores)", found: "\(mask.shape)")
      }
    }
    if operands.count == 5 {
      guard operands[4].shape.fixed?.elementCount == 1, operands[4].elementType == type else {
        throw .mismatch("scale of \(Self.name)", expected: "one value of \(type)", found: "\(operands[4].type)")
      }
    }
    return [TensorType(type, PartialShape(all.dimensions + [shapes[0][last - 1], shapes[2][last]]))]
  }

  private func batch(_ shape: PartialShape) -> PartialShape { PartialShape(Array(shape.dimensions.dropLast(2))) }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let rank = shape.rank
    let (rows, width) = (shape[rank - 2], shape[rank - 1])
    let (columns, depth) = (operands[1].shape[rank - 2], operands[0].shape[rank - 1])
    let batches = Shape(valid: Array(shape.extents[..<(rank - 2)]))
    let places = operands[..<3].map { tensor in
      Broadcasting.indices(of: Shape(valid: Array(tensor.shape.extents[..<(rank - 2)])), in: batches)
    }
    let (q, k, v) = (operands[0].doubles, operands[1].doubles, operands[2].doubles)
    let scale = operands.count == 5 ? operands[4].doubles[0] : 1 / Double(depth).squareRoot()
    let mask = mask(operands, Shape(valid: batches.extents + [rows, columns]))
    var y = [Double](repeating: 0, count: shape.elementCount)
    for batch in 0..<batches.elementCount {
      for row in 0..<rows {
        let own = (places[0][batch] * rows + row) * depth
        let scores = (0..<columns).map { column -> Double in
          let other = (places[1][batch] * columns + column) * depth
          let product = (0..<depth).reduce(0) { $0 + q[own + $1] * k[other + $1] }
          return product * scale + mask(batch, row, column)
        }
        for (column, weight) in Self.softmax(scores).enumerated() {
          let source = (places[2][batch] * columns + column) * width
          for index in 0..<width { y[(batch * rows + row) * width + index] += weight * v[source + index] }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }

  /// What is added to a score.
  private func mask(_ operands: [Tensor], _ scores: Shape) -> (_ batch: Int, _ row: Int, _ column: Int) -> Double {
    if isCausal { return { _, row, column in column > row ? -.infinity : 0 } }
    guard operands.count > 3 else { return { _, _, _ in 0 } }
    let isBoolean = operands[3].elementType == .boolean
    let values = operands[3].doubles.map { isBoolean ? ($0 == 0 ? -Double.infinity : 0) : $0 }
    let indices = Broadcasting.indices(of: operands[3].shape, in: scores)
    let (rows, columns) = (scores[scores.rank - 2], scores[scores.rank - 1])
    return { batch, row, column in values[indices[(batch * rows + row) * columns + column]] }
  }

  private static func softmax(_ scores: [Double]) -> [Double] {
    let maximum = scores.max() ?? 0
    let exponentials = scores.map { exp($0 - maximum) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
