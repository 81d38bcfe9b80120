package import OctetGraph
import OctetTensor

/// Convolution and its transpose, as far as their forms over integers are alike.
package protocol ConvolutionFamily: Operator {
  var window: SpatialWindow { get }
  var isGrouped: Bool { get }
  /// The axis of output channels in weights [G, …, kernel…], 1 or 2; the other is that of the input channels.
  static var outputAxis: Int { get }
  /// Whether every tap of every position lies in the image, so that a shift per channel makes any zero point exact.
  var readsNoPadding: Bool { get }

  func weightShape(_ weights: Operand) throws(OperatorError) -> WeightShape
  /// The same over some of the channels of integers with these zero points, one or one per channel.
  func summing(_ channels: Range<Int>?, zeroPoints: [Double]) -> Self
}

extension ConvolutionFamily {
  /// The axis of input channels in weights that have a group axis or none.
  static func inputAxis(isGrouped: Bool) -> Int { 3 - outputAxis - (isGrouped ? 0 : 1) }

  /// Σ (x·sₓ)(w·s_w) = sₓ·s_w[o] · Σ x·w, one term for every run of channels with a scale and zero point of its own.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let shape = try? weightShape(operands[1]) else { return .notAccumulating }
    guard let x = incoming[0] else { return .refused("its activations are not quantized") }
    guard let w = incoming[1], let constant = operands[1].constant else {
      return .refused("its weights are not quantized to 8 bits")
    }
    if let reason = AccumulatorRange.refusal(products: constant.elementCount / shape.outputChannels) {
      return .refused(reason)
    }
    guard let weights = QuantizedWeights(constant, w, shape, of: self) else {
      return .refused("its weights have different scales within an output channel")
    }
    guard let runs = ChannelRun.all(of: x, shape, isGrouped: isGrouped) else {
      return .refused("its activations have different scales for the channels that it sums")
    }

    var terms: [IntegerTerm] = []
    var correction: [Double]?
    for run in runs {
      let part = ConvolutionPart(self, run, weights)
      terms += part.terms
      guard part.needsCorrection else { continue }
      let own = part.correction
      correction = correction.map { zip($0, own).map { $0 + $1 } } ?? own
    }
    guard let correction else { return .sum(terms) }
    let others = operands.dropFirst(2).compactMap(\.constant)
    guard others.count == operands.count - 2,
      let sums = try? ZeroPointCorrection(
        self, weights: Tensor(.f64, weights.correctionShape(of: self), converting: correction), furtherOperands: others)
    else { return .refused("its zero points are not integers, and the shape of its result depends on values") }
    return .sum(terms, correction: sums)
  }

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    EpilogueProgram(taken + [operation], channelAxis: 1) != nil
  }
}

/// The integers behind weights, with a scale and a zero point for each output channel.
struct QuantizedWeights {
  let constant: Tensor
  let dequantization: Dequantization
  let shape: WeightShape
  let scales: [Double]
  let zeroPoints: [Double]

  /// Nil when an output channel has several scales or zero points.
  init?<Family: ConvolutionFamily>(
    _ constant: Tensor, _ dequantization: Dequantization, _ shape: WeightShape, of convolution: Family
  ) {
    self.constant = constant
    self.dequantization = dequantization
    self.shape = shape
    let axes = dequantization.axes
    // In [G, …, kernel…].
    let grouped = convolution.isGrouped ? axes : axes.lowerBound + 1..<axes.upperBound + 1
    func perOutput(_ values: [Double]) -> [Double]? {
      dequantization.isPerTensor
        ? [Double](repeating: values[0], count: shape.outputChannels)
        : Self.perOutput(values, along: grouped, shape, outputAxis: Family.outputAxis)
    }
    guard let scales = perOutput(dequantization.scales), let zeroPoints = perOutput(dequantization.zeroPoints) else {
      return nil
    }
    (self.scales, self.zeroPoints) = (scales, zeroPoints)
  }

  /// The shape of weights with one input channel per group.
  func correctionShape<Family: ConvolutionFamily>(of convolution: Family) -> Shape {
    var extents = constant.shape.extents
    extents[Family.inputAxis(isGrouped: convolution.isGrouped)] = 1
    return Shape(valid: extents)
  }

  private static func perOutput(
    _ values: [Double], along axes: Range<Int>, _ shape: WeightShape, outputAxis: Int
  ) -> [Double]? {
    guard axes.upperBound <= 3 else { return nil }
    let isOutputFirst = outputAxis == 1
    let (first, second) =
      isOutputFirst ? (shape.outputsPerGroup, shape.inputsPerGroup) : (shape.inputsPerGroup, shape.outputsPerGroup)
    let extents = [shape.groups, first, second]
    func value(_ output: Int, _ input: Int) -> Double {
      let (group, own) = output.quotientAndRemainder(dividingBy: shape.outputsPerGroup)
      let place = isOutputFirst ? [group, own, input] : [group, input, own]
      return values[axes.reduce(0) { $0 * extents[$1] + place[$1] }]
    }
    let inputs = axes.contains(3 - outputAxis) ? shape.inputsPerGroup : 1
    let outputs = 0..<shape.outputChannels
    guard outputs.allSatisfy({ output in (1..<inputs).allSatisfy { value(output, $0) == value(output, 0) } }) else {
      return nil
    }
    return outputs.map { value($0, 0) }
  }
}
