package import OctetGraph
package import OctetTensor

/// Convolution of signs  (opset1; Courbariaux et al., Binarized Neural Networks, 2016).
///
///     y[n, o, p] = Σ over i, t of sign(x[n, i, p·stride + t·dilation − pad]) · sign(w[o, i, t]),  sign(0) = −1, sign(1) = 1
///
/// x [N, I, …] holds zeros and ones, w [O, I, kernel…] one bit a weight. Padding stands for `padValue` instead of a sign.
package struct BinaryConvolution: Operator {
  package static let name = "BinaryConvolution"
  package static let readsPackedElements = true
  package let window: SpatialWindow
  package let padValue: Double

  package init(window: SpatialWindow, padValue: Double) throws(OperatorError) {
    guard padValue.isFinite else {
      throw .mismatch("pad_value of \(Self.name)", expected: "a number", found: "\(padValue)")
    }
    self.window = window
    self.padValue = padValue
  }

  package var attributes: String { window.description() + (padValue == 0 ? "" : " padValue \(Float(padValue))") }

  private static let kernelTypes: Set<ElementType> = [.u1, .u8, .i8, .boolean, .f32]

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let (x, weights) = (operands[0], operands[1])
    guard x.elementType.isByteAddressable, let kernel = weights.shape.fixed, kernel.rank == window.rank + 2,
      Self.kernelTypes.contains(weights.elementType), x.shape.rank == kernel.rank, x.shape[1].accepts(kernel[1])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "x [N, I, …] and a kernel [O, I, …] of rank \(window.rank + 2)",
        found: "\(x.type), \(weights.type)")
    }
    let spatial = try window.outputDimensions(
      input: window.spatial(of: x.shape, Self.name), kernel: Array(kernel.extents[2...]))
    let type = x.elementType.isFloatingPoint ? x.elementType : .f32
    return [TensorType(type, PartialShape([x.shape[0], .fixed(kernel[0])] + spatial))]
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let result = results[0].shape.fixed, let kernel = operands[1].shape.fixed else { return 0 }
    return result.elementCount.multipliedReportingOverflow(by: kernel.count(in: 1..<kernel.rank)).partialValue
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (source, kernel) = (operands[0].shape, operands[1].shape)
    let signs = operands[0].doubles.map { $0 > 0 ? 1.0 : -1 }
    let weights = Self.signs(operands[1])
    let taps = WindowTaps(
      window, input: Array(source.extents[2...]), kernel: Array(kernel.extents[2...]),
      output: Array(shape.extents[2...]))
    let (channels, outputs, tapCount) = (kernel[1], kernel[0], taps.kernelCount)
    let (inputSize, outputSize) = (source.count(in: 2..<source.rank), shape.count(in: 2..<shape.rank))
    var values = [Double](repeating: 0, count: shape.elementCount)
    for tap in 0..<tapCount {
      var isPadding = [Bool](repeating: true, count: outputSize)
      taps.forEachPosition(ofTap: tap) { to, from in
        isPadding[to] = false
        for image in 0..<shape[0] {
          for output in 0..<outputs {
            values[(image * outputs + output) * outputSize + to] += (0..<channels).reduce(0) { sum, channel in
              sum + signs[(image * channels + channel) * inputSize + from]
                * weights[(output * channels + channel) * tapCount + tap]
            }
          }
        }
      }
      guard padValue != 0 else { continue }
      for output in 0..<outputs {
        let sum = (0..<channels).reduce(0) { $0 + weights[(output * channels + $1) * tapCount + tap] }
        for image in 0..<shape[0] {
          for to in 0..<outputSize where isPadding[to] {
            values[(image * outputs + output) * outputSize + to] += padValue * sum
          }
        }
      }
    }
    let type = operands[0].elementType.isFloatingPoint ? operands[0].elementType : .f32
    return [Tensor(type, shape, converting: values)]
  }

  /// Unlike other tensors of one bit an element, this kernel has its first in the lowest bit of a byte.
  private static func signs(_ weights: Tensor) -> [Double] {
    guard weights.elementType == .u1 else { return weights.doubles.map { $0 > 0 ? 1 : -1 } }
    return weights.withUnsafeBytes { bytes in
      (0..<weights.elementCount).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 ? 1 : -1 }
    }
  }
}
