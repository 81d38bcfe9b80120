package import OctetGraph
import OctetTensor

extension Convolution {
  /// Σ (x·sₓ)(w·s_w) = sₓ·s_w[o] · Σ x·w, one term for every run of channels with a scale and zero point of its own.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let weights = try? WeightShape(operands[1], window: window, isGrouped: isGrouped) else {
      return .notAccumulating
    }
    guard let x = incoming[0] else { return .refused("its activations are not quantized") }
    guard let w = incoming[1], let constant = operands[1].constant else {
      return .refused("its weights are not quantized to 8 bits")
    }
    if let reason = AccumulatorRange.refusal(products: constant.elementCount / weights.outputChannels) {
      return .refused(reason)
    }
    guard let weightScales = Self.scalesPerOutput(w, weights, isGrouped: isGrouped) else {
      return .refused("its weights have different scales within an output channel")
    }
    guard let runs = Self.runs(x, weights, isGrouped: isGrouped) else {
      return .refused("its activations have different scales for the channels that it sums")
    }
    let weightZeroPoints = w.expandedZeroPoints(weights.outputChannels)
    let hasWeightZeroPoints = weightZeroPoints.contains { $0 != 0 }
    guard !hasWeightZeroPoints || weights.groups == 1 || weights.isDepthwise else {
      return .refused("its weights are asymmetric and grouped")
    }

    var terms: [IntegerTerm] = []
    var constants: [Tensor] = []
    for run in runs {
      let part = ConvolutionPart(self, run, constant: constant, weights, weightScales, weightZeroPoints)
      terms += part.terms
      guard part.needsCorrection else { continue }
      guard let correction = part.correction(operands[0].shape) else {
        return .refused("it pads by values that are not integers, and its input shape is open")
      }
      constants.append(correction)
    }
    let constantSum = constants.isEmpty ? nil : constants.dropFirst().reduce(constants[0], Self.sum)
    return .sum(terms, constant: constantSum)
  }

  private static func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(.f32, a.shape, converting: zip(a.doubles, b.doubles).map { $0 + $1 })
  }

  /// The weight scale of each output channel; nil when a channel has several.
  private static func scalesPerOutput(_ w: Dequantization, _ weights: WeightShape, isGrouped: Bool) -> [Double]? {
    if w.isPerTensor || w.axes == (isGrouped ? 0..<2 : 0..<1) { return w.expandedScales(weights.outputChannels) }
    guard isGrouped, w.axes == 0..<1 else { return nil }
    return w.scales.flatMap { [Double](repeating: $0, count: weights.outputsPerGroup) }
  }

  /// Runs of channels that one kernel call can sum: all of them when they agree inside every group, else the longest
  /// stretches of equal scale and zero point. Nil when these are too many to be worth a call each.
  private static func runs(_ x: Dequantization, _ weights: WeightShape, isGrouped: Bool) -> [ChannelRun]? {
    let scales = x.expandedScales(weights.inputChannels)
    let zeroPoints = x.expandedZeroPoints(weights.inputChannels)
    guard x.isPerTensor || x.axes == 1..<2, scales.count == weights.inputChannels else { return nil }
    let groupStarts = stride(from: 0, to: weights.inputChannels, by: weights.inputsPerGroup)
    let agreeInGroups = groupStarts.allSatisfy { start in
      let group = start..<start + weights.inputsPerGroup
      return group.allSatisfy { scales[$0] == scales[start] && zeroPoints[$0] == zeroPoints[start] }
    }
    if agreeInGroups {
      let isUniform = Set(zeroPoints).count == 1
      guard isUniform || weights.isDepthwise else { return nil }
      return [
        ChannelRun(
          channels: nil, scalesPerGroup: groupStarts.map { scales[$0] },
          zeroPoints: isUniform ? [zeroPoints[0]] : zeroPoints)
      ]
    }
    guard !isGrouped else { return nil }
    var runs: [ChannelRun] = []
    var start = 0
    for channel in 1...weights.inputChannels
    where channel == weights.inputChannels || scales[channel] != scales[start]
      || zeroPoints[channel] != zeroPoints[start]
    {
      runs.append(
        ChannelRun(channels: start..<channel, scalesPerGroup: [scales[start]], zeroPoints: [zeroPoints[start]]))
      start = channel
    }
    return runs.count <= maximumRuns ? runs : nil
  }

  /// Each run reads and writes all output pixels: with many, f32 is faster.
  private static let maximumRuns = 8

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    EpilogueProgram(taken + [operation], channelAxis: 1) != nil
  }
}
