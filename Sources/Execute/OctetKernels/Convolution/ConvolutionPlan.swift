import COctetKernels

/// A convolution of one size: the C plan, and the memory it points to.
///
/// Sendable because nothing is written after the initializer.
final class ConvolutionPlan: @unchecked Sendable {
  private let weights: PackedConvolutionWeights
  private let epilogue: Epilogue
  private let plan: KernelMemory
  private let initial: KernelMemory
  private let padding: KernelMemory
  private let runSteps: KernelMemory
  private let placement: KernelMemory

  /// `initial` is what the sums of each channel of the layout start from, s32 or f32.
  init<Sum: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    geometry: ConvolutionGeometry, weights: PackedConvolutionWeights, initial: [Sum], paddingByte: UInt8,
    strides: PixelStrides, placement: PixelPlacement?, epilogue: Epilogue
  ) {
    let layout = weights.packing.layout
    precondition(weights.fit(geometry), "the weights were packed for another convolution")
    self.weights = weights
    self.epilogue = epilogue
    self.initial = KernelMemory(initial)
    // Kernels read in pieces past a run.
    padding = KernelMemory(
      Array(
        repeating: paddingByte,
        count: layout.run_elements * weights.inputElementBytes + Int(OCTET_CONVOLUTION_SLACK)))
    runSteps = KernelMemory(
      byteCount: withUnsafePointer(to: layout, octet_run_step_count) * MemoryLayout<octet_run_step>.stride)
    self.placement = KernelMemory(placement.map { [$0.code(geometry.outputExtents)] } ?? [])
    plan = KernelMemory(byteCount: MemoryLayout<octet_convolution_plan>.stride)

    let code = plan.elements(octet_convolution_plan.self)
    code.pointee.geometry = geometry.code
    weights.packing.install(in: code)
    code.pointee.initial = UnsafeRawPointer(self.initial.base)
    code.pointee.element_bytes = weights.inputElementBytes
    code.pointee.padding = UnsafePointer(padding.elements(UInt8.self))
    code.pointee.input_pixel_stride = strides.input
    code.pointee.strides = strides.code
    code.pointee.epilogue = epilogue.program
    code.pointee.finish = octet_epilogue_select(weights.instructionSet.code).pointee.function
    if placement != nil {
      code.pointee.placement = UnsafePointer(self.placement.elements(octet_pixel_placement.self))
    }
    octet_convolution_prepare(code, runSteps.elements(octet_run_step.self))
  }

  var kernelName: String { weights.kernelName }

  var scratchByteCount: Int { plan.elements(octet_convolution_plan.self).pointee.border.scratch_bytes }

  func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands,
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    octet_convolution_run(
      plan.elements(octet_convolution_plan.self), input.assumingMemoryBound(to: UInt8.self), &buffers,
      scratch.assumingMemoryBound(to: UInt8.self), team.handle)
  }
}
