import COctetKernels
import OctetTensor

/// Batched products of two f32 matrices, both known only when they run.
///
///     output[b] = epilogue(left[b] · right[b])
///
/// The arithmetic is FloatConvolution's. Sendable because nothing is written after the initializer.
package final class FloatMatrixProduct: @unchecked Sendable {
  /// left[b] is rows × inner, or inner × rows where it is transposed; right[b] is inner × columns, or columns × inner.
  package struct Shape: Sendable, Hashable {
    package var batch: Int
    package var rows: Int
    package var inner: Int
    package var columns: Int
    package var leftIsTransposed: Bool
    package var rightIsTransposed: Bool
    /// Whether one matrix serves the whole batch.
    package var leftIsShared: Bool
    package var rightIsShared: Bool

    package init(
      batch: Int = 1, rows: Int, inner: Int, columns: Int, leftIsTransposed: Bool = false,
      rightIsTransposed: Bool = false, leftIsShared: Bool = false, rightIsShared: Bool = false
    ) {
      precondition([batch, rows, inner, columns].allSatisfy { $0 > 0 }, "extents of a matrix product are positive")
      self.batch = batch
      self.rows = rows
      self.inner = inner
      self.columns = columns
      self.leftIsTransposed = leftIsTransposed
      self.rightIsTransposed = rightIsTransposed
      self.leftIsShared = leftIsShared
      self.rightIsShared = rightIsShared
    }

    fileprivate var code: octet_gemm_shape {
      octet_gemm_shape(
        batch: batch, rows: rows, inner: inner, columns: columns, left_is_transposed: leftIsTransposed,
        right_is_transposed: rightIsTransposed, left_step: leftIsShared ? 0 : rows * inner,
        right_step: rightIsShared ? 0 : inner * columns)
    }
  }

  package let shape: Shape
  private let epilogue: Epilogue
  private let panels: KernelMemory
  private let initial: KernelMemory
  private let runStep: KernelMemory
  private let plan: KernelMemory

  /// The epilogue's channels are the columns; outputs and extra operands are dense rows.
  package init(_ shape: Shape, epilogue: Epilogue, instructionSet: InstructionSet = CPU.current.best) {
    let geometry = ConvolutionGeometry.matrixProduct(
      rows: shape.rows, inputChannels: shape.inner, outputChannels: shape.columns)
    let strides = PixelStrides(geometry: geometry, input: nil, output: nil, operands: nil, epilogue: epilogue)
    let list = octet_convolution_f32_kernels()
    var shapeCode = shape.code
    var geometryCode = octet_gemm_geometry(&shapeCode)
    var layout = octet_weight_layout_make(&geometryCode, list, instructionSet.code)
    self.shape = shape
    self.epilogue = epilogue
    panels = KernelMemory(byteCount: layout.panel_count * MemoryLayout<octet_convolution_panel>.stride)
    initial = KernelMemory(byteCount: layout.group_channels * MemoryLayout<Float>.stride)
    runStep = KernelMemory(byteCount: MemoryLayout<octet_run_step>.stride)
    plan = KernelMemory(byteCount: MemoryLayout<octet_gemm_plan>.stride)
    octet_weight_panels(&layout, list, instructionSet.code, panels.elements(octet_convolution_panel.self))
    let code = plan.elements(octet_gemm_plan.self)
    code.pointee.shape = shapeCode
    code.pointee.convolution.layout = layout
    code.pointee.convolution.panels = UnsafePointer(panels.elements(octet_convolution_panel.self))
    code.pointee.convolution.initial = UnsafeRawPointer(initial.base)
    code.pointee.convolution.strides = strides.code
    code.pointee.convolution.epilogue = epilogue.program
    code.pointee.convolution.finish = octet_epilogue_select(instructionSet.code).pointee.function
    octet_gemm_prepare(code, runStep.elements(octet_run_step.self))
  }

  /// Bytes of scratch memory, aligned to a cache line, that a run needs.
  package var scratchByteCount: Int { octet_gemm_scratch_bytes(plan.elements(octet_gemm_plan.self)) }

  /// The kernel that computes the widest part of the output, such as convolution_f32_6x64__avx512.
  package var kernelName: String {
    panels.elements(octet_convolution_panel.self)[0].kernel.map { kernelDisplayName($0.pointee.name) } ?? ""
  }

  /// Computes all products. Nothing past the inputs is read.
  package func run(
    left: UnsafeRawPointer, right: UnsafeRawPointer, output: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    octet_gemm_run(
      plan.elements(octet_gemm_plan.self), left.assumingMemoryBound(to: Float.self),
      right.assumingMemoryBound(to: Float.self), &buffers, scratch, team.handle)
  }
}
