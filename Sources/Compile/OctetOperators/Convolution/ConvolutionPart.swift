import OctetGraph
import OctetTensor

/// The part of a convolution that one run of channels contributes, as terms over integers.
///
///     Σ (x − z)(w − v) · s  =  Σ (x − b)·w · s  −  v·s · Σ (x − b)  −  (z − b)·s · Σ over valid taps of (w − v)
///
/// b is the byte that the kernel subtracts and pads with. Where nothing is padded b is z, and the kernel's shift takes
/// what a byte cannot hold; elsewhere the last sum depends on the position: it is a function of the extents.
struct ConvolutionPart<Family: ConvolutionFamily> {
  private let convolution: Family
  private let run: ChannelRun
  private let weights: QuantizedWeights
  private let scales: [Double]
  private let bytes: [Double]

  init(_ convolution: Family, _ run: ChannelRun, _ weights: QuantizedWeights) {
    self.convolution = convolution
    self.run = run
    self.weights = weights
    let shape = weights.shape
    scales = weights.scales.indices.map { output in
      weights.scales[output] * run.scalesPerGroup[run.scalesPerGroup.count == 1 ? 0 : output / shape.outputsPerGroup]
    }
    // Kernels pad with one byte, depthwise ones with one per channel.
    let isPaddable = shape.isDepthwise || run.zeroPoints.count == 1
    let padding = isPaddable ? run.zeroPoints.map { min(max($0.rounded(), 0), 255) } : [0]
    bytes = convolution.readsNoPadding ? run.zeroPoints : padding
  }

  var terms: [IntegerTerm] {
    let sums = convolution.summing(run.channels, zeroPoints: bytes)
    let isWhole = run.channels == nil && run.members == nil
    let products = IntegerTerm(op: sums, weights: isWhole ? nil : own(weights.constant), factors: factors(scales))
    guard weights.zeroPoints.contains(where: { $0 != 0 }) else { return [products] }
    let shares = zip(scales, weights.zeroPoints).map { -$0 * $1 }
    return [products, IntegerTerm(op: sums, weights: onesLikeWeights, factors: factors(shares))]
  }

  private func factors(_ values: [Double]) -> Tensor {
    .values(values, alongAxis: 1, rank: convolution.window.rank + 2)
  }

  /// Axes of the weights, which have a group axis or none.
  private var outputAxis: Int { Family.outputAxis - (convolution.isGrouped ? 0 : 1) }
  private var inputAxis: Int { Family.inputAxis(isGrouped: convolution.isGrouped) }

  /// The weights of the run's channels, or all of them with zeros for the others.
  private func own(_ all: Tensor) -> Tensor {
    if let channels = run.channels { return all.selecting(Array(channels), alongAxis: inputAxis) }
    guard let members = run.members else { return all }
    let strides = all.shape.strides
    let values = all.doubles.enumerated().map { index, value in
      let group = convolution.isGrouped ? index / strides[0] : 0
      let channel = group * weights.shape.inputsPerGroup + index / strides[inputAxis] % weights.shape.inputsPerGroup
      return members[channel] ? value : 0
    }
    return Tensor(all.elementType, all.shape, converting: values)
  }

  /// One output channel that sums everything; as many as there are where groups sum different channels.
  private var onesLikeWeights: Tensor {
    var extents = weights.constant.shape.extents
    if weights.shape.groups == 1 { extents[outputAxis] = 1 }
    let shape = Shape(valid: extents)
    return own(Tensor(.i8, shape, elements: [Int8](repeating: 1, count: shape.elementCount)))
  }

  var needsCorrection: Bool { rest.contains { $0 != 0 } }

  /// z − b, for every zero point.
  private var rest: [Double] {
    run.zeroPoints.enumerated().map { $1 - bytes[bytes.count == 1 ? 0 : $0] }
  }

  /// −(z − b)·s·(w − v), summed over the input channels of each group: weights in the order of the model's.
  var correction: [Double] {
    let real = Dequantization(
      scales: weights.dequantization.scales.map { _ in 1 }, zeroPoints: weights.dequantization.zeroPoints,
      axes: weights.dequantization.axes)
    let all = Tensor(.f64, weights.constant.shape, converting: Dequantize(real).apply(to: weights.constant))
    let own = own(all), shape = own.shape, rest = rest
    let (inputs, inner) = (shape[inputAxis], shape.count(in: inputAxis + 1..<shape.rank))
    let taps = weights.shape.kernel.reduce(1, *)
    var sums = [Double](repeating: 0, count: shape.elementCount / inputs)
    for (index, weight) in own.doubles.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: inner)
      let place = row / inputs * inner + column
      // Weights are [G, O, C, …] or [G, C, O, …]: without the axis of C, both are [G, O, …].
      let output = place / taps
      let channel = output / weights.shape.outputsPerGroup * inputs + row % inputs
      sums[place] -= weight * rest[rest.count == 1 ? 0 : channel] * scales[output]
    }
    return sums
  }
}
