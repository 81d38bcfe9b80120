package import OctetGraph
package import OctetTensor

/// Average over a sliding window  (opset1, opset14, opset16).
///
///     y[n, c, p] = 1/d · Σ over t of (x[n, c, p·stride + t·dilation − pad] − z[c])
///
/// d is the number of taps inside the image, or with padding included those inside the padded image. z is 0 on floats.
package struct AvgPool: Operator {
  package static let name = "AvgPool"
  package let pooling: PoolingWindow
  package let excludesPadding: Bool
  /// One per channel, or a single one.
  package let zeroPoints: [Double]

  package init(pooling: PoolingWindow, excludesPadding: Bool, zeroPoints: [Double] = [0]) {
    self.pooling = pooling
    self.excludesPadding = excludesPadding
    self.zeroPoints = zeroPoints
  }

  package var attributes: String {
    let zeroPoint = zeroPoints.contains { $0 != 0 } ? " zeroPoint \(Float(zeroPoints[0]))" : ""
    return pooling.description + (excludesPadding ? " excludesPadding" : "") + zeroPoint
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    let isInteger = [.u8, .i8].contains(operands[0].elementType)
    guard isInteger || operands[0].elementType.isFloatingPoint else {
      throw .mismatch("operand of AvgPool", expected: "floating point or 8-bit integers", found: "\(operands[0].type)")
    }
    let shape = try pooling.resultShape(operands[0].shape, of: Self.name)
    return [TensorType(isInteger ? .f32 : operands[0].elementType, shape)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let taps = pooling.taps(source: source, result: shape)
    let x = operands[0].doubles
    let (inputSize, outputSize) = (source.count(in: 2..<source.rank), shape.count(in: 2..<shape.rank))
    var sums = [Double](repeating: 0, count: shape.elementCount)
    var counts = [Int](repeating: 0, count: outputSize)
    for tap in 0..<taps.kernelCount {
      taps.forEachPosition(ofTap: tap) { to, from in
        counts[to] += 1
        for plane in 0..<(shape[0] * shape[1]) {
          let zeroPoint = zeroPoints[zeroPoints.count == 1 ? 0 : plane % shape[1]]
          sums[plane * outputSize + to] += x[plane * inputSize + from] - zeroPoint
        }
      }
    }
    let divisors = excludesPadding ? counts : paddedCounts(source: source, result: shape)
    let y = sums.indices.map { divisors[$0 % outputSize] == 0 ? 0 : sums[$0] / Double(divisors[$0 % outputSize]) }
    return [Tensor(operands[0].elementType.isFloatingPoint ? operands[0].elementType : .f32, shape, converting: y)]
  }

  /// Taps inside the padded image, per output position: a window that ceil rounding lets run over its end has fewer.
  package func paddedCounts(source: Shape, result: Shape) -> [Int] {
    var counts = [1]
    for axis in 0..<pooling.window.rank {
      let (stride, kernel) = (pooling.window.strides[axis], pooling.kernel[axis])
      let pads = pooling.window.pads(axis: axis, input: source[axis + 2], kernel: kernel)
      let end = source[axis + 2] + pads.begin + pads.end
      let dilation = pooling.window.dilations[axis]
      let own = (0..<result[axis + 2]).map { position in
        let inside = (end - position * stride + dilation - 1) / dilation
        return max(0, min(kernel, inside))
      }
      counts = counts.flatMap { count in own.map { count * $0 } }
    }
    return counts
  }

  /// avg((x − z)·s) = s · avg(x − z): exact sums of integers, never rounded back to the grid.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let x = incoming[0], x.isPerTensor || x.axes == 1..<2 else { return .notAccumulating }
    let form = AvgPool(pooling: pooling, excludesPadding: excludesPadding, zeroPoints: x.zeroPoints)
    let factors = Tensor.values(x.scales, alongAxis: 1, rank: operands[0].shape.rank)
    return .sum([IntegerTerm(op: form, factors: factors)])
  }
}
