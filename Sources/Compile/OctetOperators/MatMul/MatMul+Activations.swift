import OctetGraph
import OctetTensor

extension MatMul {
  /// The form over integers of any two matrices, a with one scale or constant with one per row, b with one per column.
  ///
  ///     Σ (a − z)(b − y) = Σ (a − i)(b − j) − (y − j)·Σ (a − i) − (z − i)·Σ (b − j) + K·(z − i)(y − j)
  ///
  /// i and j are the bytes nearest to the zero points. Where those are integers, the first sum is all. Constants of s8
  /// become u8 by moving their zero point by 128: the kernel takes no others.
  func productForm(_ left: Dequantization, _ right: Dequantization, _ operands: [Operand]) -> IntegerForm {
    guard operands[0].shape.rank > 1, operands[1].shape.rank > 1 else {
      return .refused("one of its sides is a vector")
    }
    guard let a = ProductSide(left, operands[0], scaleAxis: transposeA ? 1 : 2),
      let b = ProductSide(right, operands[1], scaleAxis: transposeB ? 2 : 1)
    else { return .refused("one of its sides has different scales along the sum, or signed integers") }
    let inner = innerExtent(operands)
    if let reason = AccumulatorRange.refusal(products: inner ?? 0) { return .refused(reason) }
    let rank = max(operands[0].shape.rank, operands[1].shape.rank)
    guard !a.isPerIndex || !b.isPerIndex else { return .refused("its rows and its columns have different scales") }
    let count = max(a.scales.count, a.rests.count, b.scales.count, b.rests.count)
    let scales = zip(a.scales.repeated(count), b.scales.repeated(count)).map { $0 * $1 }
    var sum = ProductSum(scales: scales, axis: a.isPerIndex ? rank - 2 : rank - 1, rank: rank)
    let (i, j) = (a.byte, b.byte)
    let product = MatMul(transposeA: transposeA, transposeB: transposeB, leftZeroPoint: i, rightZeroPoints: [j])
    sum.add(product, [1], left: .side(a), right: .side(b))
    guard a.rests != [0] || b.rests != [0] else { return sum.form }
    guard let inner else { return .refused("its zero points are not integers, and the length of its sums is open") }
    let ones = [UInt8](repeating: 1, count: inner)
    if b.rests != [0] {
      let sums = MatMul(transposeA: transposeA, transposeB: false, leftZeroPoint: i)
      let column = Tensor(.u8, Shape(valid: [inner, 1]), elements: ones)
      sum.add(sums, b.rests.map { -$0 }, left: .side(a), right: .ones(column))
    }
    if a.rests != [0] {
      let sums = MatMul(transposeA: false, transposeB: transposeB, rightZeroPoints: [j])
      let row = Tensor(.u8, Shape(valid: [1, inner]), elements: ones)
      sum.add(sums, a.rests.map { -$0 }, left: .ones(row), right: .side(b))
    }
    sum.add(zip(a.rests.repeated(count), b.rests.repeated(count)).map { Double(inner) * $0 * $1 })
    return sum.form
  }

  /// K, where either side's shape tells it.
  private func innerExtent(_ operands: [Operand]) -> Int? {
    let (a, b) = (operands[0].shape, operands[1].shape)
    return a[a.rank - (transposeA ? 2 : 1)].fixedExtent ?? b[b.rank - (transposeB ? 1 : 2)].fixedExtent
  }
}

/// One side of a product, as unsigned integers.
private struct ProductSide {
  /// One, or one per row of a constant left side, per column of a right side.
  let scales: [Double]
  /// What the kernel subtracts from every element.
  let byte: Double
  /// What is left of the zero points: one, or as many as scales.
  let rests: [Double]
  /// The integers, where they are known at load time.
  let constant: Tensor?

  /// Whether rows or columns differ.
  var isPerIndex: Bool { scales.count > 1 || rests.count > 1 }

  /// Nil when scales vary along another axis than the one `scaleAxis` from the end, or integers are signed.
  init?(_ dequantization: Dequantization, _ operand: Operand, scaleAxis: Int) {
    let axis = operand.shape.rank - scaleAxis
    guard dequantization.isPerTensor || dequantization.axes == axis..<axis + 1 else { return nil }
    var zeroPoints = dequantization.zeroPoints
    switch (operand.elementType, operand.constant) {
    case (.u8, _): constant = operand.constant
    case (.i8, let constant?):
      let elements = constant.elements(as: Int8.self).map { UInt8(truncatingIfNeeded: Int($0) + 128) }
      self.constant = Tensor(.u8, constant.shape, elements: elements)
      zeroPoints = zeroPoints.map { $0 + 128 }
    default: return nil
    }
    let byte = min(max(zeroPoints[0].rounded(), 0), 255)
    let rests = zeroPoints.map { $0 - byte }
    scales = dequantization.scales
    self.byte = byte
    self.rests = Set(rests).count == 1 ? [rests[0]] : rests
  }
}

/// Products over integers, each times the scales and factors of its own. Those of constants are computed at once.
private struct ProductSum {
  enum Operand {
    case side(ProductSide)
    case ones(Tensor)

    var constant: Tensor? {
      switch self {
      case .side(let side): side.constant
      case .ones(let tensor): tensor
      }
    }
  }

  let scales: [Double]
  let axis: Int
  let rank: Int
  private var terms: [IntegerTerm] = []
  private var constant: Tensor?

  init(scales: [Double], axis: Int, rank: Int) {
    self.scales = scales
    self.axis = axis
    self.rank = rank
  }

  var form: IntegerForm {
    .sum(terms, constant: constant.map { Tensor(.f32, $0.shape, converting: $0.doubles) })
  }

  mutating func add(_ op: MatMul, _ factors: [Double], left: Operand, right: Operand) {
    let own = zip(scales, factors.repeated(scales.count)).map { $0 * $1 }
    if let a = left.constant, let b = right.constant, let sums = try? op.evaluate([a, b])[0] {
      add(Tensor(.f64, sums.shape, converting: sums.doubles), own)
    } else {
      let index = left.constant == nil ? 1 : 0
      terms.append(
        IntegerTerm(
          op: op, weights: left.constant ?? right.constant, weightsOperand: index, scales: own, channelAxis: axis))
    }
  }

  /// A constant for each scale.
  mutating func add(_ factors: [Double]) {
    guard factors.contains(where: { $0 != 0 }) else { return }
    add(Tensor(.f64, .scalar, converting: [1]), zip(scales, factors).map { $0 * $1 })
  }

  private mutating func add(_ tensor: Tensor, _ factors: [Double]) {
    let extents = (0..<rank).map { $0 == axis ? factors.count : 1 }
    let scaled = try? Multiply().evaluate([tensor, Tensor(.f64, Shape(valid: extents), converting: factors)])[0]
    guard let scaled else { return }
    constant = constant.flatMap { try? Add().evaluate([$0, scaled])[0] } ?? scaled
  }
}

extension [Double] {
  /// One value as often as needed, several as they are.
  fileprivate func repeated(_ count: Int) -> [Double] {
    self.count == 1 ? Array(repeating: self[0], count: count) : self
  }
}
