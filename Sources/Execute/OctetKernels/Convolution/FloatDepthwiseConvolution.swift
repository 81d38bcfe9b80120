import COctetKernels

/// A convolution of f32 in which every channel has a kernel of its own.
///
///     output[pixel, c] = epilogue(Σ input[…, c] · weight[tap, c])
///
/// From AVX2 up products and sums are fused, tap after tap: every such instruction set writes the same bytes.
///
/// Sendable because nothing is written after the initializer.
package final class FloatDepthwiseConvolution: ConvolutionKernel {
  private let prepared: PreparedKernel<octet_depthwise_f32_plan>

  /// `weights` are [channels][depth][height][width]. Pixel strides count elements from one pixel to the next, and may
  /// exceed the channels.
  package init(
    geometry: ConvolutionGeometry, weights: UnsafeBufferPointer<Float>, inputPixelStride: Int? = nil,
    outputPixelStride: Int? = nil, operandPixelStrides: [Int]? = nil, epilogue: Epilogue,
    instructionSet: InstructionSet = CPU.current.best
  ) {
    let channels = geometry.groups
    precondition(
      geometry.inputChannels == channels && geometry.outputChannels == channels,
      "a depthwise convolution has a group per channel")
    precondition(weights.count == channels * geometry.taps, "\(weights.count) weights")
    let strides = PixelStrides(
      geometry: geometry, inputElementBytes: MemoryLayout<Float>.stride, input: inputPixelStride,
      output: outputPixelStride, operands: operandPixelStrides, epilogue: epilogue)
    let constants = Constants(Self.byTap(weights, channels: channels))
    let plan = octet_depthwise_f32_plan(
      geometry: geometry.code, weights: constants.base, input_pixel_stride: strides.input, strides: strides.code,
      epilogue: epilogue.program, finish: octet_epilogue_select(instructionSet.code).pointee.function,
      kind: octet_epilogue_kind_of(epilogue.program, 0))
    let lines = geometry.batch * geometry.outputExtents[0] * geometry.outputExtents[1]
    let outputs = lines * geometry.outputExtents[2] * channels
    prepared = PreparedKernel(
      RangeKernel(octet_depthwise_f32_kernels(), cpu: CPU(upTo: instructionSet)), plan: plan,
      constants: [constants, epilogue], units: lines, bytes: outputs * (geometry.taps + 4))
  }

  /// [taps][channels], channels rounded up to a whole vector.
  private static func byTap(_ weights: UnsafeBufferPointer<Float>, channels: Int) -> [Float] {
    let taps = weights.count / channels
    let width = (channels + 15) / 16 * 16
    var packed = [Float](repeating: 0, count: taps * width)
    for channel in 0..<channels {
      for tap in 0..<taps { packed[tap * width + channel] = weights[channel * taps + tap] }
    }
    return packed
  }

  /// The kernel that computes it, such as depthwise_f32__avx512.
  package var kernelName: String { prepared.kernel.name }

  package var scratchByteCount: Int { 0 }

  /// Computes all output pixels. Nothing past the input is read; only the output's channels are written.
  package func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(),
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    withUnsafePointer(to: octet_epilogue_buffers(output: output, operands: operands)) { buffers in
      prepared.run(on: team) {
        octet_depthwise_f32_arguments(plan: $0, input: input.assumingMemoryBound(to: UInt8.self), buffers: buffers)
      }
    }
  }
}
