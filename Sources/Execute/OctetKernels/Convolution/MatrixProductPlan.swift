import COctetKernels

/// Batched products of two matrices: the C plan, and the memory it points to.
///
/// Sendable because nothing is written after the initializer.
final class MatrixProductPlan: @unchecked Sendable {
  /// How right sides are packed, and for which kernels.
  struct Packing {
    let kernels: octet_dot_kernel_list
    let function: octet_range_function
    /// Of the left and the right side.
    var zeroPoints: (Int32, Int32) = (0, 0)
  }

  private let epilogue: Epilogue
  private let panels: KernelMemory
  private let initial: KernelMemory
  private let runStep: KernelMemory
  private let plan: KernelMemory

  init(_ shape: MatrixProductShape, _ packing: Packing, epilogue: Epilogue, instructionSet: InstructionSet) {
    let geometry = ConvolutionGeometry.matrixProduct(
      rows: shape.rows, inputChannels: shape.inner, outputChannels: shape.columns)
    let strides = PixelStrides(geometry: geometry, input: nil, output: nil, operands: nil, epilogue: epilogue)
    var shapeCode = shape.code
    var geometryCode = octet_gemm_geometry(&shapeCode)
    var layout = octet_weight_layout_make(&geometryCode, packing.kernels, instructionSet.code)
    self.epilogue = epilogue
    panels = KernelMemory(byteCount: layout.panel_count * MemoryLayout<octet_convolution_panel>.stride)
    initial = KernelMemory(byteCount: layout.group_channels * MemoryLayout<Float>.stride)
    runStep = KernelMemory(byteCount: MemoryLayout<octet_run_step>.stride)
    plan = KernelMemory(byteCount: MemoryLayout<octet_gemm_plan>.stride)
    octet_weight_panels(
      &layout, packing.kernels, instructionSet.code, panels.elements(octet_convolution_panel.self))
    let code = plan.elements(octet_gemm_plan.self)
    code.pointee.shape = shapeCode
    code.pointee.pack = packing.function
    (code.pointee.left_zero_point, code.pointee.right_zero_point) = packing.zeroPoints
    code.pointee.convolution.layout = layout
    code.pointee.convolution.panels = UnsafePointer(panels.elements(octet_convolution_panel.self))
    code.pointee.convolution.initial = UnsafeRawPointer(initial.base)
    code.pointee.convolution.strides = strides.code
    code.pointee.convolution.epilogue = epilogue.program
    code.pointee.convolution.finish = octet_epilogue_select(instructionSet.code).pointee.function
    octet_gemm_prepare(code, runStep.elements(octet_run_step.self))
  }

  /// Bytes of scratch memory, aligned to a cache line, that a run needs.
  var scratchByteCount: Int { octet_gemm_scratch_bytes(plan.elements(octet_gemm_plan.self)) }

  var kernelName: String {
    panels.elements(octet_convolution_panel.self)[0].kernel.map { kernelDisplayName($0.pointee.name) } ?? ""
  }

  func run(
    left: UnsafeRawPointer, right: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands,
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    octet_gemm_run(plan.elements(octet_gemm_plan.self), left, right, &buffers, scratch, team.handle)
  }
}
