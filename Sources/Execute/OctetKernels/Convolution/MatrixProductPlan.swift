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
    let zeroPoints: (Int32, Int32)

    /// For sides of u8 that have zero points, or of f32.
    init(zeroPoints: (left: UInt8, right: UInt8)?, _ cpu: CPU) {
      if let zeroPoints {
        kernels = octet_convolution_u8s8s32_kernels()
        function = RangeKernel(octet_gemm_pack_u8_kernels(), cpu: cpu).function
        self.zeroPoints = (Int32(zeroPoints.left), Int32(zeroPoints.right))
      } else {
        kernels = octet_convolution_f32_kernels()
        function = octet_gemm_pack_f32
        self.zeroPoints = (0, 0)
      }
    }
  }

  private let epilogue: Epilogue
  private let panels: KernelMemory
  private let initial: KernelMemory
  private let runStep: KernelMemory
  private let plan: KernelMemory

  /// Matrices follow each other without a gap where no steps are given; `outputRow` and `operandRows` count elements from
  /// one row to the next.
  init(
    _ shape: MatrixProductShape, steps: (left: MatrixSteps, right: MatrixSteps)? = nil, _ packing: Packing,
    epilogue: Epilogue, outputRow: Int? = nil, operandRows: [Int]? = nil, instructionSet: InstructionSet
  ) {
    let geometry = ConvolutionGeometry.matrixProduct(
      rows: shape.rows, inputChannels: shape.inner, outputChannels: shape.columns)
    let strides = PixelStrides(
      geometry: geometry, input: nil, output: outputRow, operands: operandRows, epilogue: epilogue)
    var shapeCode = steps.map { shape.code(left: $0.left, right: $0.right) } ?? shape.code
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

  /// The C plan; what it points to lives as long as this object.
  var code: octet_gemm_plan { plan.elements(octet_gemm_plan.self).pointee }

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
