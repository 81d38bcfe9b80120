import OctetKernels
import Testing

/// A convolution small enough to compute by its definition.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var name: String
  var geometry: ConvolutionGeometry
  var zeroPoint: UInt8 = 0
  /// Elements between pixels beyond the channels.
  var inputGap = 0
  var outputGap = 0
  /// The same activation or weight everywhere, instead of random ones.
  var activation: UInt8?
  var weight: Int8?

  var testDescription: String { name }

  init(
    _ name: String, _ inputChannels: Int, _ outputChannels: Int, image: [Int] = [1, 1, 1], kernel: [Int] = [1, 1, 1],
    strides: [Int] = [1, 1, 1], dilations: [Int] = [1, 1, 1], pads: [Int] = [0, 0, 0], padsEnd: [Int]? = nil,
    groups: Int = 1, batch: Int = 1, zeroPoint: UInt8 = 0, inputGap: Int = 0, outputGap: Int = 0,
    activation: UInt8? = nil, weight: Int8? = nil
  ) {
    let end = padsEnd ?? pads
    let output = (0..<3).map { axis -> Int in
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      let padded = image[axis] + pads[axis] + end[axis]
      return (padded - reach) / strides[axis] + 1
    }
    self.name = name
    geometry = ConvolutionGeometry(
      batch: batch, inputExtents: image, kernel: kernel, strides: strides, dilations: dilations, padsBegin: pads,
      outputExtents: output, groups: groups, inputChannels: inputChannels, outputChannels: outputChannels)
    self.zeroPoint = zeroPoint
    self.inputGap = inputGap
    self.outputGap = outputGap
    self.activation = activation
    self.weight = weight
  }

  var inputPixels: Int { geometry.batch * geometry.inputExtents.reduce(1, *) }
  var outputPixels: Int { geometry.batch * geometry.outputExtents.reduce(1, *) }
  var inputPixelStride: Int { geometry.inputChannels + inputGap }
  var outputPixelStride: Int { geometry.outputChannels + outputGap }
  var weightCount: Int { geometry.outputChannels * geometry.inputChannels / geometry.groups * geometry.taps }

  /// The input up to the last pixel's last channel: no gap follows it.
  var inputCount: Int { inputPixels * inputPixelStride - inputGap }
  var outputCount: Int { outputPixels * outputPixelStride - outputGap }

  func inputs(_ random: inout TestRandom) -> [UInt8] {
    activation.map { Array(repeating: $0, count: inputCount) } ?? random.bytes(inputCount)
  }

  func weights(_ random: inout TestRandom) -> [Int8] {
    weight.map { Array(repeating: $0, count: weightCount) } ?? random.bytes(weightCount).map(Int8.init(bitPattern:))
  }

  /// Calls `body` for every tap of output pixel `pixel`, with the input pixel it meets; nil in the padding.
  func eachTap(of pixel: Int, _ body: (_ tap: Int, _ inputPixel: Int?) -> Void) {
    let g = geometry
    var rest = pixel
    var place = [0, 0, 0]
    for axis in [2, 1, 0] {
      place[axis] = rest % g.outputExtents[axis]
      rest /= g.outputExtents[axis]
    }
    for tap in 0..<g.taps {
      let tapPlace = [tap / g.kernel[2] / g.kernel[1], tap / g.kernel[2] % g.kernel[1], tap % g.kernel[2]]
      let at = (0..<3).map { place[$0] * g.strides[$0] - g.padsBegin[$0] + tapPlace[$0] * g.dilations[$0] }
      let inside = (0..<3).allSatisfy { at[$0] >= 0 && at[$0] < g.inputExtents[$0] }
      let index = at.enumerated().reduce(rest) { $0 * g.inputExtents[$1.offset] + $1.element }
      body(tap, inside ? index : nil)
    }
  }

  /// Σ over taps and channels of multiply(input element, weight), for every output pixel and channel. Elements in the
  /// padding are left out.
  func sums<Sum: AdditiveArithmetic>(_ multiply: (_ input: Int, _ weight: Int) -> Sum) -> [Sum] {
    let inputs = geometry.inputChannels / geometry.groups, outputs = geometry.outputChannels / geometry.groups
    var sums = [Sum](repeating: .zero, count: outputPixels * geometry.outputChannels)
    for pixel in 0..<outputPixels {
      eachTap(of: pixel) { tap, inputPixel in
        guard let inputPixel else { return }
        for channel in 0..<geometry.outputChannels {
          for input in 0..<inputs {
            let element = inputPixel * inputPixelStride + channel / outputs * inputs + input
            sums[pixel * geometry.outputChannels + channel] +=
              multiply(element, (channel * inputs + input) * geometry.taps + tap)
          }
        }
      }
    }
    return sums
  }
}

extension ConvolutionCase {
  /// Shapes at the corners of what kernels tell apart.
  static let corners: [ConvolutionCase] = [
    .init("1 to 1 channel, one pixel", 1, 1),
    .init("19 to 33 channels", 19, 33, image: [1, 5, 7], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 7),
    .init(
      "3 to 24 channels, 7 × 7 kernel, stride 2", 3, 24, image: [1, 11, 9], kernel: [1, 7, 7], strides: [1, 2, 2],
      pads: [0, 3, 3], zeroPoint: 128),
    .init(
      "3 channels in pixels of 5", 3, 16, image: [1, 6, 6], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 3,
      inputGap: 2),
    .init(
      "3 channels, dilated rows", 3, 16, image: [1, 9, 9], kernel: [1, 3, 3], dilations: [1, 2, 2],
      pads: [0, 2, 2], zeroPoint: 200),
    .init("kernel larger than the image", 5, 17, image: [1, 2, 3], kernel: [1, 5, 5], pads: [0, 2, 2], zeroPoint: 9),
    .init(
      "stride over the edge", 4, 32, image: [1, 6, 6], kernel: [1, 2, 2], strides: [1, 3, 3], pads: [0, 0, 0],
      padsEnd: [0, 1, 1], zeroPoint: 1),
    .init(
      "asymmetric padding", 8, 20, image: [1, 5, 5], kernel: [1, 3, 3], strides: [1, 2, 2], pads: [0, 0, 0],
      padsEnd: [0, 2, 2], zeroPoint: 50),
    .init(
      "cropping, negative padding", 4, 16, image: [1, 7, 7], kernel: [1, 3, 3], pads: [0, -1, -2],
      padsEnd: [0, -1, 0], zeroPoint: 5),
    .init(
      "3 spatial dimensions", 6, 18, image: [2, 3, 4], kernel: [3, 2, 3], dilations: [1, 1, 2], pads: [1, 1, 2],
      zeroPoint: 11),
    .init(
      "1 spatial dimension", 12, 40, image: [1, 1, 23], kernel: [1, 1, 5], strides: [1, 1, 2], pads: [0, 0, 2],
      zeroPoint: 77),
    .init("more runs than one call takes", 2, 3, image: [1, 5, 38], kernel: [1, 5, 35], pads: [0, 2, 0]),
    .init(
      "groups of 3 to 5 channels", 12, 20, image: [1, 4, 4], kernel: [1, 3, 3], pads: [0, 1, 1], groups: 4,
      zeroPoint: 4),
    .init("groups of 16 channels, batch 3", 48, 96, image: [1, 3, 3], groups: 3, batch: 3, zeroPoint: 255),
    .init("batch 3", 8, 16, image: [1, 3, 5], kernel: [1, 3, 3], pads: [0, 1, 1], batch: 3, zeroPoint: 6),
    .init("pixel strides beyond the channels", 20, 70, image: [1, 6, 3], zeroPoint: 8, inputGap: 13, outputGap: 9),
    .init("matrix product of one row", 130, 150, zeroPoint: 2),
    .init("matrix product of 23 rows", 37, 100, image: [1, 1, 23], zeroPoint: 100),
    .init(
      "long runs in several calls", 150, 36, image: [1, 2, 9], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 31),
    .init("1100 to 270 channels", 1100, 270, image: [1, 1, 3], zeroPoint: 17),
    .init("48 channels", 9, 48, image: [1, 3, 9]),
    .init("144 channels", 9, 144, image: [1, 3, 9]),
    .init("all 255 · 127", 300, 20, image: [1, 1, 3], activation: 255, weight: 127),
    .init("all 255 · -128", 300, 20, image: [1, 1, 3], activation: 255, weight: -128),
    .init(
      "all 255 · -128 with zero point 255", 64, 20, image: [1, 2, 3], kernel: [1, 3, 3], pads: [0, 1, 1],
      zeroPoint: 255, activation: 0, weight: -128),
  ]
}
