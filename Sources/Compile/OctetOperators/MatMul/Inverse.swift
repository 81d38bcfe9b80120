package import OctetGraph
package import OctetTensor

/// The inverses of square matrices [..., n, n], or of their transposes  (opset14).
package struct Inverse: Operator {
  package static let name = "Inverse"
  package let isTransposed: Bool

  package init(isTransposed: Bool) { self.isTransposed = isTransposed }

  package var attributes: String { isTransposed ? "transposed" : "" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    let shape = operands[0].shape
    guard operands[0].elementType.isFloatingPoint, shape.rank >= 2,
      PartialShape([shape[shape.rank - 2]]).isCompatible(with: [shape[shape.rank - 1]])
    else {
      throw .mismatch("operand of \(Self.name)", expected: "square matrices", found: "\(operands[0].type)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let n = shape[shape.rank - 1]
    guard shape[shape.rank - 2] == n else {
      throw .mismatch("operand of \(Self.name)", expected: "square matrices", found: "\(shape)")
    }
    let x = operands[0].doubles
    var y: [Double] = []
    for matrix in 0..<shape.count(in: 0..<shape.rank - 2) {
      y += try inverse(Array(x[matrix * n * n..<(matrix + 1) * n * n]), n)
    }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }

  /// By elimination; the largest element of a column is its pivot (Gauss and Jordan).
  private func inverse(_ matrix: [Double], _ n: Int) throws(OperatorError) -> [Double] {
    var left = matrix
    var right = (0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }
    for column in 0..<n {
      let pivot = (column..<n).max { abs(left[$0 * n + column]) < abs(left[$1 * n + column]) } ?? column
      let value = left[pivot * n + column]
      guard value != 0, value.isFinite else {
        throw OperatorError("matrix of \(Self.name): expected one that has an inverse")
      }
      for place in 0..<n {
        left.swapAt(pivot * n + place, column * n + place)
        right.swapAt(pivot * n + place, column * n + place)
        left[column * n + place] /= value
        right[column * n + place] /= value
      }
      for row in 0..<n where row != column {
        let factor = left[row * n + column]
        for place in 0..<n {
          left[row * n + place] -= factor * left[column * n + place]
          right[row * n + place] -= factor * right[column * n + place]
        }
      }
    }
    return isTransposed ? (0..<n * n).map { right[$0 % n * n + $0 / n] } : right
  }
}
