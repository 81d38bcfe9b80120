import COctetKernels

/// A convolution of u8 activations with 3×3 kernels of s8 weights, by tiles of 4×4 outputs: a quarter of the products,
/// and the same exact sums as QuantizedConvolution's.
///
///     output[pixel, c] = epilogue(Σ (input - inputZeroPoint) · weight[c])
///
/// Taps outside the input count as zero. Sendable because nothing is written after the initializer.
package final class WinogradConvolution: @unchecked Sendable {
  package let geometry: ConvolutionGeometry
  private let weights: WinogradWeights
  private let epilogue: Epilogue
  private let initial: KernelMemory
  private let padding: KernelMemory
  private let plan: KernelMemory

  /// Whether an instruction set has a kernel for this convolution, and all sums of these weights are exact.
  package static func canCompute(
    _ geometry: ConvolutionGeometry, _ weights: UnsafeBufferPointer<Int8>, _ instructionSet: InstructionSet
  ) -> Bool {
    octet_winograd_u8s8s32_select(instructionSet.code) != nil
      && withUnsafePointer(to: geometry.code, octet_winograd_can)
      && octet_winograd_is_exact(
        weights.baseAddress, geometry.outputChannels, weights.count / geometry.outputChannels)
  }

  /// Whether it takes less time than a direct one where it can be computed.
  package static func isFaster(for geometry: ConvolutionGeometry, _ instructionSet: InstructionSet) -> Bool {
    guard let kernel = octet_winograd_u8s8s32_select(instructionSet.code) else { return false }
    return withUnsafePointer(to: geometry.code) { octet_winograd_pays(kernel, $0) }
  }

  /// Whether transformed weights take less time than others, which are fewer bytes.
  package static func transformsWeights(for geometry: ConvolutionGeometry, _ instructionSet: InstructionSet) -> Bool {
    guard let kernel = octet_winograd_u8s8s32_select(instructionSet.code) else { return true }
    return withUnsafePointer(to: geometry.code) { octet_winograd_best_format(kernel, $0) } == kernel.pointee.format
  }

  /// Pixel strides count elements from one pixel to the next; they may exceed the channels, for example to write into
  /// a part of a concatenation.
  package init(
    geometry: ConvolutionGeometry, weights: WinogradWeights, inputZeroPoint: UInt8 = 0, inputPixelStride: Int? = nil,
    outputPixelStride: Int? = nil, operandPixelStrides: [Int]? = nil, epilogue: Epilogue
  ) {
    precondition(
      withUnsafePointer(to: geometry.code, octet_winograd_can),
      "a convolution by tiles has 3×3 kernels, of stride and dilation 1")
    precondition(
      geometry.inputChannels == weights.inputChannels && geometry.outputChannels == weights.outputChannels,
      "the weights were packed for another convolution")
    let strides = PixelStrides(
      geometry: geometry, input: inputPixelStride, output: outputPixelStride, operands: operandPixelStrides,
      epilogue: epilogue)
    self.geometry = geometry
    self.weights = weights
    self.epilogue = epilogue
    initial = KernelMemory(weights.initialSums(zeroPoint: inputZeroPoint))
    padding = KernelMemory(
      Array(repeating: inputZeroPoint, count: geometry.inputChannels), slack: Int(OCTET_CONVOLUTION_SLACK))
    plan = KernelMemory(byteCount: MemoryLayout<octet_winograd_plan>.stride)
    let code = plan.elements(octet_winograd_plan.self)
    code.pointee.geometry = geometry.code
    code.pointee.kernel = weights.kernel
    code.pointee.format = weights.format
    code.pointee.weights = UnsafePointer(weights.bytes.elements(UInt8.self))
    code.pointee.initial = UnsafePointer(initial.elements(Int32.self))
    code.pointee.padding = UnsafePointer(padding.elements(UInt8.self))
    code.pointee.input_pixel_stride = strides.input
    code.pointee.strides = strides.code
    code.pointee.epilogue = epilogue.program
    code.pointee.finish = octet_epilogue_select(weights.kernel.pointee.isa).pointee.function
    octet_winograd_prepare(code)
  }

  /// The kernel that computes it, such as winograd_u8s8s32__avx2.
  package var kernelName: String { kernelDisplayName(weights.kernel.pointee.name) }

  package var scratchByteCount: Int { 0 }

  /// Computes all output pixels. Up to 31 bytes past the input and 15 past the operands are read; only the output's
  /// channels are written.
  package func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(),
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    octet_winograd_run(
      plan.elements(octet_winograd_plan.self), input.assumingMemoryBound(to: UInt8.self), &buffers, team.handle)
  }
}
