package import OctetGraph
import OctetTensor

extension Deconvolution {
  /// Σ (x·sₓ)(w·s_w) = sₓ·s_w[o] · Σ x·w.
  ///
  ///     Σ (x − z)(w − v) · s  =  Σ (x − b)·w · s  −  v·s · Σ (x − b)  −  (z − b)·s · Σ over valid taps of (w − v)
  ///
  /// b is the byte nearest to the zero point z. The last sum depends on the position and becomes a constant image.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let extents = try? weightExtents(operands) else { return .notAccumulating }
    guard let x = incoming[0] else { return .refused("its activations are not quantized") }
    guard let w = incoming[1], let constant = operands[1].constant else {
      return .refused("its weights are not quantized to 8 bits")
    }
    guard let weightScales = perOutput(w.scales, w, extents), let zeroPoints = perOutput(w.zeroPoints, w, extents)
    else { return .refused("its weights have different scales within an output channel") }
    guard let groupScales = Self.perGroup(x, extents) else {
      return .refused("its activations have different scales for the channels that it sums")
    }
    let (groups, outputs) = (extents[0], extents[2])
    if let reason = AccumulatorRange.refusal(products: constant.elementCount / max(groups * outputs, 1)) {
      return .refused(reason)
    }
    let isAsymmetric = zeroPoints.contains { $0 != 0 }

    let byte = min(max(x.zeroPoints[0].rounded(), 0), 255)
    guard
      let sums = try? Deconvolution(
        window: window, isGrouped: isGrouped, outputPadding: outputPadding, activationZeroPoint: byte)
    else { return .notAccumulating }
    let scales = weightScales.indices.map { weightScales[$0] * groupScales[$0 / outputs] }
    var terms = [IntegerTerm(op: sums, scales: scales, channelAxis: 1)]
    if isAsymmetric {
      let ones = onesLikeWeights(extents)
      terms.append(
        IntegerTerm(op: sums, weights: ones, scales: zip(scales, zeroPoints).map { -$0 * $1 }, channelAxis: 1))
    }
    guard byte != x.zeroPoints[0] else { return .sum(terms) }
    let real = Dequantize(Dequantization(scales: w.scales.map { _ in 1 }, zeroPoints: w.zeroPoints, axes: w.axes))
    let weights = Tensor(.f32, constant.shape, converting: real.apply(to: constant))
    guard let correction = correction(x.zeroPoints[0] - byte, weights, scales, operands) else {
      return .refused("its zero point is not an integer, and its input shape is open")
    }
    return .sum(terms, constant: correction)
  }

  /// Values of the weights' axes `w.axes` per output channel; nil when they differ among the inputs of one.
  private func perOutput(_ values: [Double], _ w: Dequantization, _ extents: [Int]) -> [Double]? {
    let (groups, inputs, outputs) = (extents[0], extents[1], extents[2])
    guard !w.isPerTensor else { return [Double](repeating: values[0], count: groups * outputs) }
    // The axes in [G, C/G, O/G, kernel…].
    let axes = isGrouped ? w.axes : w.axes.lowerBound + 1..<w.axes.upperBound + 1
    guard axes.upperBound <= 3 else { return nil }
    var found: [Double] = []
    for group in 0..<groups {
      for output in 0..<outputs {
        let own = (0..<inputs).map { input in
          values[axes.reduce(0) { $0 * extents[$1] + [group, input, output][$1] }]
        }
        guard Set(own).count == 1 else { return nil }
        found.append(own[0])
      }
    }
    return found
  }

  /// The activations' scale in each group; nil when a group has several, or there are several zero points.
  private static func perGroup(_ x: Dequantization, _ extents: [Int]) -> [Double]? {
    let (groups, inputs) = (extents[0], extents[1])
    guard x.isPerTensor || (x.axes == 1..<2 && x.hasUniformZeroPoint) else { return nil }
    let scales = x.expandedScales(groups * inputs)
    guard scales.count == groups * inputs, scales.indices.allSatisfy({ scales[$0] == scales[$0 / inputs * inputs] })
    else { return nil }
    return (0..<groups).map { scales[$0 * inputs] }
  }

  /// One output channel that sums everything; as many as there are where groups sum different channels.
  private func onesLikeWeights(_ extents: [Int]) -> Tensor {
    let outputs = extents[0] > 1 ? extents[2] : 1
    let shape = Shape(valid: (isGrouped ? [extents[0]] : []) + [extents[1], outputs] + extents[3...])
    return Tensor(.i8, shape, elements: [Int8](repeating: 1, count: shape.elementCount))
  }

  /// −rest · scale · Σ over valid taps of weights, for every output position; nil when the extents are open.
  private func correction(_ rest: Double, _ weights: Tensor, _ scales: [Double], _ operands: [Operand]) -> Tensor? {
    let extents = operands[0].shape.dimensions.dropFirst().compactMap(\.fixedExtent)
    let others = operands.dropFirst(2).compactMap(\.constant)
    guard extents.count == operands[0].shape.rank - 1, others.count == operands.count - 2,
      let shape = Shape([1] + extents),
      let plain = try? Deconvolution(window: window, isGrouped: isGrouped, outputPadding: outputPadding)
    else { return nil }
    let image = Tensor(.f32, shape, converting: [Double](repeating: rest, count: shape.elementCount))
    guard let sums = try? plain.evaluate([image, weights] + others)[0] else { return nil }
    let pixels = sums.shape.count(in: 2..<sums.shape.rank)
    return Tensor(.f32, sums.shape, converting: sums.doubles.enumerated().map { -$1 * scales[$0 / pixels] })
  }

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    EpilogueProgram(taken + [operation], channelAxis: 1) != nil
  }
}
