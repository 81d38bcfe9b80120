package import OctetGraph
package import OctetTensor

/// Maximum over a sliding window, and where it was found  (opset1, opset8).
///
///     y[n, c, p] = max over t of x[n, c, p·stride + t·dilation − pad], taps outside the image left out
///
/// The second result is the position of the maximum in the operand, flattened from `indexAxis` on.
package struct MaxPool: Operator {
  package static let name = "MaxPool"
  package let pooling: PoolingWindow
  /// Nil for opset1, which has no second result.
  package let indexType: ElementType?
  package let indexAxis: Int

  package init(pooling: PoolingWindow, indexType: ElementType?, indexAxis: Int = 0) throws(OperatorError) {
    guard indexType == nil || indexType == .i32 || indexType == .i64 else {
      throw .mismatch("index type of MaxPool", expected: "i32 or i64", found: "\(String(describing: indexType))")
    }
    self.pooling = pooling
    self.indexType = indexType
    self.indexAxis = indexAxis
  }

  package var attributes: String { pooling.description }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    let shape = try pooling.resultShape(operands[0].shape, of: Self.name)
    _ = try Axis.normalized(indexAxis, rank: shape.rank, of: Self.name)
    let values = operands[0].type.with(shape: shape)
    return indexType.map { [values, TensorType($0, shape)] } ?? [values]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let taps = pooling.taps(source: source, result: shape)
    let x = operands[0].doubles
    let (inputSize, outputSize) = (source.count(in: 2..<source.rank), shape.count(in: 2..<shape.rank))
    var best = [Int](repeating: -1, count: shape.elementCount)
    for tap in 0..<taps.kernelCount {
      taps.forEachPosition(ofTap: tap) { to, from in
        for plane in 0..<(shape[0] * shape[1]) {
          let (output, input) = (plane * outputSize + to, plane * inputSize + from)
          if best[output] < 0 || x[input] > x[best[output]] { best[output] = input }
        }
      }
    }
    // A window that lies in the padding alone holds no value: the lowest stands for it.
    let lowest = operands[0].elementType.integerRange.map { Double($0.lowerBound) } ?? -.infinity
    let values = Tensor(operands[0].elementType, shape, converting: best.map { $0 < 0 ? lowest : x[$0] })
    guard let indexType else { return [values] }
    let period = source.count(in: (try Axis.normalized(indexAxis, rank: source.rank, of: Self.name))..<source.rank)
    return [values, Tensor(indexType, shape, converting: best.map { Double($0 < 0 ? 0 : $0 % period) })]
  }

  /// max((x − z)·s) = (max(x) − z)·s, when s ≥ 0 is one for the image. Positions do not change.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard let dequantization = incoming[0], dequantization.isPerTensor || dequantization.axes.upperBound <= 2,
      dequantization.scales.allSatisfy({ $0 >= 0 })
    else { return nil }
    return indexType == nil ? [dequantization] : [dequantization, nil]
  }
}
