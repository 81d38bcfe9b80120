package import OctetGraph

extension Convolution {
  /// Σ (x·sₓ)(w·s_w) = sₓ·s_w[o] · Σ x·w: one scale per output channel, as long as sₓ does not vary inside a group.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let weights = try? WeightShape(operands[1], window: window, isGrouped: isGrouped) else {
      return .notAccumulating
    }
    guard let x = incoming[0] else { return .refused("its activations are not quantized") }
    guard let w = incoming[1] else { return .refused("its weights are not quantized to 8 bits") }
    guard operands[1].constant != nil else { return .refused("its weights are not constant") }
    guard let activationScales = Self.scalesPerGroup(x, weights) else {
      return .refused("its activations have different scales for the channels that it sums")
    }
    guard let weightScales = Self.scalesPerOutput(w, weights, isGrouped: isGrouped) else {
      return .refused("its weights have different scales within an output channel")
    }
    guard w.zeroPoints.allSatisfy({ $0 == 0 }) else { return .refused("its weights are asymmetric") }
    if let reason = refusal(zeroPoints: x, weights) { return .refused(reason) }

    let isUniform = x.isPerTensor && w.isPerTensor
    let scales = (0..<(isUniform ? 1 : weights.outputChannels)).map { output in
      weightScales[output] * activationScales[output / weights.outputsPerGroup]
    }
    let form = Convolution(window: window, isGrouped: isGrouped, activationZeroPoints: x.zeroPoints)
    return .form(op: form, scales: scales, channelAxis: 1)
  }

  /// Without padding any zero points are exact: what the kernel does not subtract goes into a shift per channel. Taps in
  /// the padding must be zero points themselves, so there they must be bytes, and one for all unless depthwise.
  private func refusal(zeroPoints x: Dequantization, _ weights: WeightShape) -> String? {
    if window.neverPads { return nil }
    guard x.hasIntegerZeroPoints, x.zeroPoints.allSatisfy({ (0...255).contains($0) }) else {
      return "it pads, and its activations' zero point \(Float(x.zeroPoints[0])) is not an integer from 0 to 255"
    }
    guard x.hasUniformZeroPoint || weights.isDepthwise else {
      return "it pads, and its activations have different zero points per channel"
    }
    return nil
  }

  /// The activation scale of each group; nil when it varies within one.
  private static func scalesPerGroup(_ x: Dequantization, _ weights: WeightShape) -> [Double]? {
    if x.isPerTensor { return [Double](repeating: x.scales[0], count: weights.groups) }
    guard x.axes == 1..<2, x.scales.count == weights.inputChannels else { return nil }
    return (0..<weights.groups).reduce(into: [Double]?([])) { scales, group in
      let own = x.scales[(group * weights.inputsPerGroup)..<((group + 1) * weights.inputsPerGroup)]
      guard let first = own.first, own.allSatisfy({ $0 == first }) else { return scales = nil }
      scales?.append(first)
    }
  }

  /// The weight scale of each output channel; nil when a channel has several.
  private static func scalesPerOutput(_ w: Dequantization, _ weights: WeightShape, isGrouped: Bool) -> [Double]? {
    if w.isPerTensor || w.axes == (isGrouped ? 0..<2 : 0..<1) { return w.expandedScales(weights.outputChannels) }
    guard isGrouped, w.axes == 0..<1 else { return nil }
    return w.scales.flatMap { [Double](repeating: $0, count: weights.outputsPerGroup) }
  }

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    EpilogueProgram(taken + [operation], channelAxis: 1) != nil
  }
}
