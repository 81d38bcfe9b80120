package import OctetGraph
package import OctetTensor

/// y = (a − zₐ) · (b − z_b), matrices in the last two axes, the others broadcast  (opset1).
///
/// A vector on the left is one row, on the right one column; its axis disappears from the result. Zero points are 0 on
/// floats; z_b may differ per column.
package struct MatMul: Operator {
  package static let name = "MatMul"
  package let transposeA: Bool
  package let transposeB: Bool
  package let leftZeroPoint: Double
  package let rightZeroPoints: [Double]
  /// The elements of each row of a that are summed; nil is all.
  package let terms: Range<Int>?

  package init(
    transposeA: Bool, transposeB: Bool, leftZeroPoint: Double = 0, rightZeroPoints: [Double] = [0],
    terms: Range<Int>? = nil
  ) {
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.leftZeroPoint = leftZeroPoint
    self.rightZeroPoints = rightZeroPoints
    self.terms = terms
  }

  package var attributes: String {
    var parts: [String] = []
    if transposeA { parts.append("transposeA") }
    if transposeB { parts.append("transposeB") }
    if let terms { parts.append("terms \(terms)") }
    if leftZeroPoint != 0 { parts.append("zeroPoint \(Float(leftZeroPoint))") }
    if rightZeroPoints.contains(where: { $0 != 0 }) { parts.append("rightZeroPoints") }
    return parts.joined(separator: " ")
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let (a, b) = (operands[0].shape, operands[1].shape)
    guard a.rank > 0, b.rank > 0 else {
      throw .mismatch("operands of MatMul", expected: "rank 1 or more", found: "\(a) and \(b)")
    }
    let left = Matrix(a, transposed: transposeA, isLeft: true)
    let right = Matrix(b, transposed: transposeB, isLeft: false)
    if let terms {
      guard !transposeA, let all = left.columns.fixedExtent, terms.lowerBound >= 0, terms.upperBound <= all,
        right.rows.accepts(terms.count)
      else {
        throw .mismatch("terms \(terms) of MatMul", expected: "as many as \(b) has rows, of \(a)", found: "others")
      }
    } else if let k = left.columns.fixedExtent, let other = right.rows.fixedExtent, k != other {
      throw .mismatch("inner extents of MatMul", expected: "equal ones", found: "\(a) and \(b)")
    }
    var dimensions = try Broadcasting.shape(left.batch, right.batch).dimensions
    if a.rank > 1 { dimensions.append(left.rows) }
    if b.rank > 1 { dimensions.append(right.columns) }
    return [TensorType(try elementType(operands), PartialShape(dimensions))]
  }

  private func elementType(_ operands: [Operand]) throws(OperatorError) -> ElementType {
    let (a, b) = (operands[0].elementType, operands[1].elementType)
    let isInteger = [.u8, .i8].contains(a) && [.u8, .i8].contains(b)
    guard isInteger || a == b else {
      throw .mismatch("element types of MatMul", expected: "equal ones, or two of 8 bits", found: "\(a) and \(b)")
    }
    return isInteger ? .f32 : a
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let result = results[0].shape.fixed, let a = operands[0].shape.fixed else { return 0 }
    let k = terms?.count ?? (a.rank == 1 ? a[0] : a[a.rank - (transposeA ? 2 : 1)])
    return result.elementCount * k
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let type = try resultTypes(operands.map { Operand(type: $0.type) })[0]
    guard let shape = type.shape.fixed else { throw OperatorError("the result has no fixed shape") }
    let left = Matrix(PartialShape(operands[0].shape), transposed: transposeA, isLeft: true)
    let right = Matrix(PartialShape(operands[1].shape), transposed: transposeB, isLeft: false)
    let (rows, rowLength, columns) = (left.rows.extent, left.columns.extent, right.columns.extent)
    let (first, inner) = (terms?.lowerBound ?? 0, terms?.count ?? rowLength)
    let batch = try Broadcasting.shape(left.batch, right.batch).fixed ?? .scalar
    let leftBatch = Broadcasting.indices(of: left.batch.fixed ?? .scalar, in: batch)
    let rightBatch = Broadcasting.indices(of: right.batch.fixed ?? .scalar, in: batch)
    let a = operands[0].doubles.map { $0 - leftZeroPoint }
    let b = operands[1].doubles
    var y = [Double](repeating: 0, count: shape.elementCount)
    for index in 0..<batch.elementCount {
      let (aBase, bBase) = (leftBatch[index] * rows * rowLength + first, rightBatch[index] * inner * columns)
      for row in 0..<rows {
        let yBase = (index * rows + row) * columns
        for k in 0..<inner {
          let value = a[aBase + (transposeA && operands[0].shape.rank > 1 ? k * rows + row : row * rowLength + k)]
          for column in 0..<columns {
            let position = transposeB && operands[1].shape.rank > 1 ? column * inner + k : k * columns + column
            y[yBase + column] +=
              value * (b[bBase + position] - rightZeroPoints[rightZeroPoints.count == 1 ? 0 : column])
          }
        }
      }
    }
    return [Tensor(type.elementType, shape, converting: y)]
  }

  /// The last two axes of an operand as rows and columns, the others as batch.
  struct Matrix {
    let batch: PartialShape
    let rows: Dimension
    let columns: Dimension

    init(_ shape: PartialShape, transposed: Bool, isLeft: Bool) {
      guard shape.rank > 1 else {
        batch = PartialShape([])
        rows = isLeft ? 1 : shape[0]
        columns = isLeft ? shape[0] : 1
        return
      }
      batch = PartialShape(Array(shape.dimensions.dropLast(2)))
      let (last, beforeLast) = (shape[shape.rank - 1], shape[shape.rank - 2])
      rows = transposed ? last : beforeLast
      columns = transposed ? beforeLast : last
    }
  }
}

extension Dimension {
  /// The extent of a dimension that is known to be fixed.
  fileprivate var extent: Int { fixedExtent ?? 0 }
}
