import OctetTensor

/// A convolution, or matrix product with constant right side, of f32 activations and weights.
///
///     output[pixel, c] = epilogue(Σ input · weight[c])
///
/// From AVX2 up products and sums are fused, in an order that depends on no tile: every such instruction set writes
/// the same bytes. SSE4.2 and plain loops round twice per product.
package final class FloatConvolution: Sendable {
  package let geometry: ConvolutionGeometry
  private let plan: ConvolutionPlan

  /// Pixel strides count elements from one pixel to the next, and may exceed the channels.
  package init(
    geometry: ConvolutionGeometry, weights: PackedConvolutionWeights, inputPixelStride: Int? = nil,
    outputPixelStride: Int? = nil, operandPixelStrides: [Int]? = nil, placement: PixelPlacement? = nil,
    epilogue: Epilogue
  ) {
    precondition(weights.elementType == .f32, "an f32 convolution has f32 weights, not \(weights.elementType)")
    self.geometry = geometry
    plan = ConvolutionPlan(
      geometry: geometry, weights: weights,
      initial: weights.packing.padded([Float](repeating: 0, count: geometry.outputChannels)),
      paddingByte: 0,
      strides: PixelStrides(
        geometry: geometry, inputElementBytes: weights.inputElementBytes, input: inputPixelStride,
        output: outputPixelStride, operands: operandPixelStrides, epilogue: epilogue),
      placement: placement, epilogue: epilogue)
  }

  /// The kernel that computes the widest part of the output, such as convolution_f32_6x64__avx512.
  package var kernelName: String { plan.kernelName }

  /// Bytes of scratch memory that a run needs.
  package var scratchByteCount: Int { plan.scratchByteCount }

  /// Computes all output pixels. Up to 15 bytes past the input are read; only the output's channels are written.
  package func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(),
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    plan.run(input: input, output: output, operands: operands, scratch: scratch, team: team)
  }
}
