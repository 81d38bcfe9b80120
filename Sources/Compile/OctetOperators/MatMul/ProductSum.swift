import OctetGraph
import OctetTensor

/// One side of a matrix product, as integers. Tensors are f64 and broadcast to the result.
struct ProductSide {
  /// One, or one for each row of a left side, column of a right side, and matrix.
  let scales: Tensor
  /// What the kernel subtracts from every element.
  let zeroPoint: Double
  /// What is left of the zero points.
  let rests: Tensor
  /// The integers, where they are known at load time.
  let constant: Tensor?

  /// Activations with one scale. Their product with weights takes any zero point.
  init(scale: Double, zeroPoint: Double) {
    self.init(scales: .scalar(scale), zeroPoint: zeroPoint, rests: .scalar(0), constant: nil)
  }

  /// Weights of s8 in two axes. Their kernel takes no zero point.
  init?(weights: Tensor, _ dequantization: Dequantization, isTransposed: Bool) {
    let shape = PartialShape(weights.shape)
    guard let scales = Self.spread(dequantization.scales, dequantization, shape, sumAxis: 2, isTransposed),
      let rests = Self.spread(dequantization.zeroPoints, dequantization, shape, sumAxis: 2, isTransposed)
    else { return nil }
    self.init(scales: scales, zeroPoint: 0, rests: rests, constant: weights)
  }

  /// Integers as the kernel for two activations takes them: unsigned, less a byte. Constants of s8 become u8 by moving
  /// their zero point by 128.
  ///
  /// - Parameter sumAxis: from the end, once the matrix is not transposed any more. Nil results when scales or zero points
  ///   vary along it, or integers are signed.
  init?(_ dequantization: Dequantization, _ operand: Operand, sumAxis: Int, isTransposed: Bool) {
    var (constant, zeroPoints) = (operand.constant, dequantization.zeroPoints)
    if operand.elementType != .u8 {
      guard operand.elementType == .i8, let signed = constant else { return nil }
      let elements = signed.elements(as: Int8.self).map { UInt8(truncatingIfNeeded: Int($0) + 128) }
      constant = Tensor(.u8, signed.shape, elements: elements)
      zeroPoints = zeroPoints.map { $0 + 128 }
    }
    let byte = min(max(zeroPoints[0].rounded(), 0), 255)
    let rests = zeroPoints.map { $0 - byte }
    guard
      let scales = Self.spread(dequantization.scales, dequantization, operand.shape, sumAxis: sumAxis, isTransposed),
      let rests = Self.spread(rests, dequantization, operand.shape, sumAxis: sumAxis, isTransposed)
    else { return nil }
    self.init(scales: scales, zeroPoint: byte, rests: rests, constant: constant)
  }

  private init(scales: Tensor, zeroPoint: Double, rests: Tensor, constant: Tensor?) {
    self.scales = scales
    self.zeroPoint = zeroPoint
    self.rests = rests
    self.constant = constant
  }

  /// Some of the products that are summed.
  func selecting(_ terms: Range<Int>, alongAxis axis: Int) -> ProductSide {
    ProductSide(
      scales: scales, zeroPoint: zeroPoint, rests: rests,
      constant: constant?.selecting(Array(terms), alongAxis: axis))
  }

  var hasRests: Bool { rests.doubles.contains { $0 != 0 } }

  /// Values along the axes of a dequantization, with extent 1 where the product sums; nil when they differ there.
  private static func spread(
    _ values: [Double], _ dequantization: Dequantization, _ shape: PartialShape, sumAxis: Int, _ isTransposed: Bool
  ) -> Tensor? {
    if Set(values).count == 1 { return .scalar(values[0]) }
    let axes = dequantization.axes, rank = shape.rank
    guard axes.upperBound <= rank else { return nil }
    let extents = (0..<rank).map { axes.contains($0) ? shape[$0].fixedExtent : 1 }.compactMap(\.self)
    guard extents.count == rank, extents.reduce(1, *) == values.count else { return nil }
    var tensor = Tensor(.f64, Shape(valid: extents), converting: values)
    if isTransposed { tensor = tensor.transposed(Array(0..<rank - 2) + [rank - 1, rank - 2]) }
    let axis = rank - sumAxis
    let first = tensor.selecting([0], alongAxis: axis)
    let stretched = first.selecting([Int](repeating: 0, count: tensor.shape[axis]), alongAxis: axis)
    return stretched.doubles == tensor.doubles ? first : nil
  }
}

/// Products over integers, each times the scales and factors of its own. Those of constants are computed at once.
///
///     Σ (a − z)(b − y) = Σ (a − i)(b − j) − (y − j)·Σ (a − i) − (z − i)·Σ (b − j) + K·(z − i)(y − j)
///
/// i and j are what the kernel subtracts. Where those are the zero points, the first sum is all.
struct ProductSum {
  /// How many products each sum has, K; nil when that is open.
  private let inner: Int?
  private var terms: [IntegerTerm] = []
  private var constant: Tensor?
  private var refusal: String?

  init(inner: Int?) { self.inner = inner }

  var form: IntegerForm {
    if let refusal { return .refused(refusal) }
    return .sum(terms, constant: constant.map { Tensor(.f32, $0.shape, converting: $0.doubles) })
  }

  /// The product of two sides, transposed and over the terms that `product` says.
  mutating func add(_ product: MatMul, _ a: ProductSide, _ b: ProductSide) {
    guard let scales = a.scales * b.scales else { return refuse() }
    add(
      MatMul(
        transposeA: product.transposeA, transposeB: product.transposeB, leftZeroPoint: a.zeroPoint,
        rightZeroPoints: [b.zeroPoint], terms: product.terms), a.constant, b.constant, times: scales)
    guard a.hasRests || b.hasRests else { return }
    guard let count = product.terms?.count ?? inner else {
      refusal = "its zero points are not integers, and the length of its sums is open"
      return
    }
    let negative = scales * .scalar(-1)
    if b.hasRests {
      let sums = MatMul(
        transposeA: product.transposeA, transposeB: false, leftZeroPoint: a.zeroPoint, terms: product.terms)
      add(sums, a.constant, .ones(b.constant?.elementType, [count, 1]), times: negative * b.rests)
    }
    if a.hasRests {
      let sums = MatMul(transposeA: false, transposeB: product.transposeB, rightZeroPoints: [b.zeroPoint])
      add(sums, .ones(.u8, [1, count]), b.constant, times: negative * a.rests)
    }
    add(.scalar(Double(count)), times: scales * a.rests * b.rests)
  }

  private mutating func add(_ op: MatMul, _ left: Tensor?, _ right: Tensor?, times factors: Tensor?) {
    guard let factors else { return refuse() }
    if let left, let right {
      guard let sums = try? op.evaluate([left, right])[0] else { return refuse() }
      add(Tensor(.f64, sums.shape, converting: sums.doubles), times: factors)
    } else {
      terms.append(
        IntegerTerm(op: op, weights: left ?? right, weightsOperand: left == nil ? 1 : 0, factors: factors))
    }
  }

  private mutating func add(_ tensor: Tensor, times factors: Tensor?) {
    guard let scaled = factors * tensor else { return refuse() }
    guard scaled.doubles.contains(where: { $0 != 0 }) else { return }
    guard let constant else { return constant = scaled }
    guard let sum = try? Add().evaluate([constant, scaled])[0] else { return refuse() }
    self.constant = sum
  }

  private mutating func refuse() { refusal = "the scales of its sides do not fit together" }
}

extension Tensor {
  fileprivate static func scalar(_ value: Double) -> Tensor { Tensor(.f64, .scalar, converting: [value]) }

  /// Integers of the other side's type, or of that of activations.
  fileprivate static func ones(_ elementType: ElementType?, _ shape: Shape) -> Tensor {
    Tensor(elementType ?? .u8, shape, converting: [Double](repeating: 1, count: shape.elementCount))
  }

  /// The product with broadcasting; nil when the shapes do not fit.
  fileprivate static func * (a: Tensor?, b: Tensor) -> Tensor? {
    guard let a else { return nil }
    return try? Multiply().evaluate([a, b])[0]
  }
}
