import COctetKernels

/// A depthwise convolution of u8 activations and s8 weights: one output channel per input channel.
///
///     output[pixel, c] = epilogue(Σ over taps (input[c] - inputZeroPoints[c]) · weight[c])
///
/// Taps outside the input count as zero. Sendable because nothing is written after the initializer.
package final class DepthwiseConvolution: @unchecked Sendable {
  package let geometry: ConvolutionGeometry
  private let epilogue: Epilogue
  private let weights: KernelMemory
  private let initial: KernelMemory
  private let padding: KernelMemory
  private let placement: KernelMemory
  private let plan: KernelMemory

  /// `inputZeroPoints` holds one value, or one per channel. `weights` are [channels][depth][height][width]. The geometry has a group per channel. Pixel strides count
  /// elements from one pixel to the next, and may exceed the channels.
  package init(
    geometry: ConvolutionGeometry, weights: UnsafeBufferPointer<Int8>, inputZeroPoints: [UInt8] = [0],
    inputPixelStride: Int? = nil, outputPixelStride: Int? = nil, operandPixelStrides: [Int]? = nil,
    placement: PixelPlacement? = nil, epilogue: Epilogue, instructionSet: InstructionSet = CPU.current.best
  ) {
    let channels = geometry.groups
    let strides = PixelStrides(
      geometry: geometry, input: inputPixelStride, output: outputPixelStride, operands: operandPixelStrides,
      epilogue: epilogue)
    precondition(
      geometry.inputChannels == channels && geometry.outputChannels == channels,
      "a depthwise convolution has as many groups as input and output channels")
    precondition(
      weights.count == channels * geometry.taps,
      "\(channels * geometry.taps) weights were expected, not \(weights.count)")
    self.geometry = geometry
    self.epilogue = epilogue
    let kernel = octet_depthwise_u8s8s32_select(instructionSet.code)
    var code = geometry.code
    self.weights = KernelMemory(byteCount: octet_depthwise_weight_bytes(&code, kernel))
    octet_depthwise_pack(&code, kernel, weights.baseAddress, self.weights.elements(UInt8.self))
    let zeroPoints =
      inputZeroPoints.count == 1 ? Array(repeating: inputZeroPoints[0], count: channels) : inputZeroPoints
    precondition(zeroPoints.count == channels, "\(zeroPoints.count) zero points for \(channels) channels")
    initial = KernelMemory(
      zip(weightSums(weights, channels: channels), zeroPoints).map { 0 &- $0 &* Int32($1) },
      slack: Int(OCTET_DEPTHWISE_CHANNELS) * MemoryLayout<Int32>.stride)
    padding = KernelMemory(zeroPoints, slack: Int(OCTET_DEPTHWISE_CHANNELS))
    self.placement = KernelMemory(placement.map { [$0.code(geometry.outputExtents)] } ?? [])
    plan = KernelMemory(byteCount: MemoryLayout<octet_depthwise_plan>.stride)
    plan.elements(octet_depthwise_plan.self).pointee = octet_depthwise_plan(
      geometry: code, kernel: kernel, weights: self.weights.elements(UInt8.self), initial: initial.elements(Int32.self),
      padding: padding.elements(UInt8.self), input_pixel_stride: strides.input, strides: strides.code,
      epilogue: epilogue.program, finish: octet_epilogue_select(instructionSet.code).pointee.function,
      placement: placement == nil ? nil : UnsafePointer(self.placement.elements(octet_pixel_placement.self)),
      kind: OCTET_EPILOGUE_ANY)
    octet_depthwise_prepare(plan.elements(octet_depthwise_plan.self))
  }

  /// The kernel that computes it, such as depthwise_u8s8s32_64__avx512vnni.
  package var kernelName: String {
    plan.elements(octet_depthwise_plan.self).pointee.kernel.map { kernelDisplayName($0.pointee.name) } ?? ""
  }

  package var scratchByteCount: Int { 0 }

  /// Computes all output pixels. Up to 63 bytes past the input are read; only the output's channels are written.
  package func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(),
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    octet_depthwise_run(
      plan.elements(octet_depthwise_plan.self), input.assumingMemoryBound(to: UInt8.self), &buffers, team.handle)
  }
}
