import OctetGraph
import OctetTensor

/// Channels whose integers stand for real values in the same way.
struct ChannelRun {
  /// Nil for all channels.
  let channels: Range<Int>?
  let scalesPerGroup: [Double]
  /// One, or for depthwise convolutions one per channel.
  let zeroPoints: [Double]
}

/// The part of a convolution that one run of channels contributes, as terms over integers.
///
///     Σ (x − z)(w − v) · s  =  Σ (x − b)·w · s  −  v·s · Σ (x − b)  −  (z − b)·s · Σ over valid taps of (w − v)
///
/// b is the byte that the kernel subtracts and pads with. Where nothing is padded b is z, and the kernel's shift takes
/// what a byte cannot hold; elsewhere the last sum depends on the position and becomes a constant image.
struct ConvolutionPart {
  private let convolution: Convolution
  private let run: ChannelRun
  private let own: Tensor
  private let weights: WeightShape
  private let scales: [Double]
  private let weightZeroPoints: [Double]
  private let bytes: [Double]

  init(
    _ convolution: Convolution, _ run: ChannelRun, constant: Tensor, _ weights: WeightShape, _ weightScales: [Double],
    _ weightZeroPoints: [Double]
  ) {
    self.convolution = convolution
    self.run = run
    self.weights = weights
    self.weightZeroPoints = weightZeroPoints
    own = run.channels.map { Self.slice(constant, channels: $0) } ?? constant
    scales = weightScales.indices.map { output in
      weightScales[output] * run.scalesPerGroup[run.scalesPerGroup.count == 1 ? 0 : output / weights.outputsPerGroup]
    }
    // Kernels pad with one byte, depthwise ones with one per channel.
    let isPaddable = weights.isDepthwise || run.zeroPoints.count == 1
    let padding = isPaddable ? run.zeroPoints.map { min(max($0.rounded(), 0), 255) } : [0]
    bytes = convolution.window.neverPads ? run.zeroPoints : padding
  }

  var terms: [IntegerTerm] {
    let sums = Convolution(
      window: convolution.window, isGrouped: convolution.isGrouped, channels: run.channels, activationZeroPoints: bytes)
    let isUniform = Set(scales).count == 1
    let products = IntegerTerm(
      op: sums, weights: run.channels == nil ? nil : own, scales: isUniform ? [scales[0]] : scales, channelAxis: 1)
    guard weightZeroPoints.contains(where: { $0 != 0 }) else { return [products] }
    let ones = IntegerTerm(
      op: sums, weights: onesLikeWeights, scales: zip(scales, weightZeroPoints).map { -$0 * $1 }, channelAxis: 1)
    return [products, ones]
  }

  /// One output channel that sums everything; as many as there are where groups sum different channels.
  private var onesLikeWeights: Tensor {
    let shape = weights.groups > 1 ? own.shape : Shape(valid: singleOutput(own.shape.extents))
    return Tensor(.i8, shape, elements: [Int8](repeating: 1, count: shape.elementCount))
  }

  /// [O, C, kernel…] or [1, O, C, kernel…] with O = 1.
  private func singleOutput(_ extents: [Int]) -> [Int] {
    var extents = extents
    extents[convolution.isGrouped ? 1 : 0] = 1
    return extents
  }

  var needsCorrection: Bool { rest.contains { $0 != 0 } }

  /// z − b, for every zero point.
  private var rest: [Double] {
    run.zeroPoints.enumerated().map { $1 - bytes[bytes.count == 1 ? 0 : $0] }
  }

  /// −(z − b)·s · Σ over valid taps of (w − v), for every output position; nil when the extents are open.
  func correction(_ source: PartialShape) -> Tensor? {
    let extents = source.dimensions.dropFirst(2).compactMap(\.fixedExtent)
    guard extents.count == source.rank - 2,
      let image = Shape([1, weights.groups * own.shape[convolution.isGrouped ? 2 : 1]] + extents)
    else { return nil }
    let inner = image.count(in: 2..<image.rank)
    let shares = (0..<image.elementCount).map { rest[rest.count == 1 ? 0 : $0 / inner] }
    let valid = Convolution(
      window: convolution.window, isGrouped: convolution.isGrouped, weightZeroPoints: weightZeroPoints)
    let floats = Tensor(.f32, own.shape, converting: own.doubles)
    guard let sums = try? valid.evaluate([Tensor(.f32, image, converting: shares), floats])[0] else { return nil }
    let outputs = sums.shape.count(in: 2..<sums.shape.rank)
    return Tensor(.f32, sums.shape, converting: sums.doubles.enumerated().map { -$1 * scales[$0 / outputs] })
  }

  /// The input channels `channels` of [O, C, kernel…].
  private static func slice(_ weights: Tensor, channels: Range<Int>) -> Tensor {
    let taps = weights.shape.count(in: 2..<weights.shape.rank)
    let all = weights.shape[1]
    let indices = (0..<weights.shape[0]).flatMap { output in
      channels.flatMap { channel in (0..<taps).map { (output * all + channel) * taps + $0 } }
    }
    let shape = Shape(valid: [weights.shape[0], channels.count] + weights.shape.extents.dropFirst(2))
    return weights.gathering(indices, shape: shape)
  }
}
