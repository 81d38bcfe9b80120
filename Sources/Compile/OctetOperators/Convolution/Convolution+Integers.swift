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
    guard let weightScales = Self.perOutput(w.scales, w, weights, isGrouped: isGrouped),
      let weightZeroPoints = Self.perOutput(w.zeroPoints, w, weights, isGrouped: isGrouped)
    else { return .refused("its weights have different scales within an output channel") }
    guard let runs = Self.runs(x, weights, isGrouped: isGrouped) else {
      return .refused("its activations have different scales for the channels that it sums")
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

  /// A scale or zero point of the weights for each output channel; nil when a channel has several.
  private static func perOutput(
    _ values: [Double], _ w: Dequantization, _ weights: WeightShape, isGrouped: Bool
  ) -> [Double]? {
    if w.isPerTensor { return [Double](repeating: values[0], count: weights.outputChannels) }
    // The axes in [G, O/G, C/G, kernel…].
    let axes = isGrouped ? w.axes : w.axes.lowerBound + 1..<w.axes.upperBound + 1
    let extents = [weights.groups, weights.outputsPerGroup, weights.inputsPerGroup]
    guard axes.upperBound <= 3 else { return nil }
    func value(_ output: Int, _ input: Int) -> Double {
      let (group, own) = output.quotientAndRemainder(dividingBy: weights.outputsPerGroup)
      var index = 0
      for axis in axes { index = index * extents[axis] + (axis == 0 ? group : axis == 1 ? own : input) }
      return values[index]
    }
    let inputs = axes.contains(2) ? weights.inputsPerGroup : 1
    let outputs = 0..<weights.outputChannels
    guard outputs.allSatisfy({ output in (1..<inputs).allSatisfy { value(output, $0) == value(output, 0) } }) else {
      return nil
    }
    return outputs.map { value($0, 0) }
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
    let products = weights.inputChannels * weights.kernel.reduce(1, *)
    return runs.count <= max(maximumRuns, products / productsPerRun) ? runs : nil
  }

  /// Each run reads and writes all output pixels: with many that sum little, f32 is faster.
  private static let maximumRuns = 8
  private static let productsPerRun = 64

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    EpilogueProgram(taken + [operation], channelAxis: 1) != nil
  }
}
