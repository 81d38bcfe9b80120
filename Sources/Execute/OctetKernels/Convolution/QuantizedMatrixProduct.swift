import COctetKernels

/// Batched products of two u8 matrices, both known only when they run: sums in s32, exact, then the epilogue in f32.
///
///     output[b] = epilogue((left[b] - leftZeroPoint) · (right[b] - rightZeroPoint))
///
/// The kernels are QuantizedConvolution's.
package final class QuantizedMatrixProduct: Sendable {
  /// Longer sums might overflow.
  package static let maximumInner = Int(OCTET_GEMM_U8_INNER)

  package let shape: MatrixProductShape
  private let plan: MatrixProductPlan

  /// The epilogue's channels are the columns; outputs and extra operands are dense rows.
  package init(
    _ shape: MatrixProductShape, leftZeroPoint: UInt8 = 0, rightZeroPoint: UInt8 = 0, epilogue: Epilogue,
    instructionSet: InstructionSet = CPU.current.best
  ) {
    precondition(shape.inner <= Self.maximumInner, "sums of \(shape.inner) products might overflow")
    self.shape = shape
    plan = MatrixProductPlan(
      shape,
      MatrixProductPlan.Packing(zeroPoints: (leftZeroPoint, rightZeroPoint), CPU(upTo: instructionSet)),
      epilogue: epilogue, instructionSet: instructionSet)
  }

  /// Bytes of scratch memory, aligned to a cache line, that a run needs.
  package var scratchByteCount: Int { plan.scratchByteCount }

  /// The kernel that computes the widest part of the output, such as convolution_u8s8s32_6x64__avx512vnni.
  package var kernelName: String { plan.kernelName }

  /// Computes all products. Up to 31 bytes past the left side are read.
  package func run(
    left: UnsafeRawPointer, right: UnsafeRawPointer, output: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    plan.run(left: left, right: right, output: output, operands: operands, scratch: scratch, team: team)
  }
}
