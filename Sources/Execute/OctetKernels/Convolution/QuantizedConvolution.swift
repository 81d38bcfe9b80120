import OctetTensor

/// A convolution, or matrix product, of u8 activations and s8 weights: sums in s32, exact, then the epilogue in f32.
///
///     output[pixel, c] = epilogue(Σ (input - inputZeroPoint) · weight[c])
///
/// Taps outside the input count as zero. Sums are exact while Σ |weight| of a channel stays below 2^31 / 255.
package final class QuantizedConvolution: Sendable {
  package let geometry: ConvolutionGeometry
  private let plan: ConvolutionPlan

  /// Pixel strides count elements from one pixel to the next; they may exceed the channels, for example to write into
  /// a part of a concatenation.
  package init(
    geometry: ConvolutionGeometry, weights: PackedConvolutionWeights, inputZeroPoint: UInt8 = 0,
    inputPixelStride: Int? = nil, outputPixelStride: Int? = nil, operandPixelStrides: [Int]? = nil,
    placement: PixelPlacement? = nil,
    epilogue: Epilogue
  ) {
    precondition(weights.elementType == .i8, "a quantized convolution has i8 weights, not \(weights.elementType)")
    self.geometry = geometry
    plan = ConvolutionPlan(
      geometry: geometry, weights: weights, initial: weights.initialSums(zeroPoint: inputZeroPoint),
      paddingByte: inputZeroPoint,
      strides: PixelStrides(
        geometry: geometry, input: inputPixelStride, output: outputPixelStride, operands: operandPixelStrides,
        epilogue: epilogue),
      placement: placement, epilogue: epilogue)
  }

  /// The kernel that computes the widest part of the output, such as convolution_u8s8s32_6x64__avx512vnni.
  package var kernelName: String { plan.kernelName }

  /// Bytes of scratch memory that a run needs.
  package var scratchByteCount: Int { plan.scratchByteCount }

  /// Computes all output pixels. Up to 31 bytes past the input and 15 past the operands are read; only the output's
  /// channels are written.
  package func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(),
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    plan.run(input: input, output: output, operands: operands, scratch: scratch, team: team)
  }
}
