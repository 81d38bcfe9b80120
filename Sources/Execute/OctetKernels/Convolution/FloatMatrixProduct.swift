import COctetKernels

/// Batched products of two f32 matrices, both known only when they run.
///
///     output[b] = epilogue(left[b] · right[b])
///
/// The arithmetic is FloatConvolution's.
package final class FloatMatrixProduct: Sendable {
  package let shape: MatrixProductShape
  private let plan: MatrixProductPlan

  /// The epilogue's channels are the columns; outputs and extra operands are dense rows.
  package init(_ shape: MatrixProductShape, epilogue: Epilogue, instructionSet: InstructionSet = CPU.current.best) {
    self.shape = shape
    plan = MatrixProductPlan(
      shape, MatrixProductPlan.Packing(zeroPoints: nil, CPU(upTo: instructionSet)), epilogue: epilogue,
      instructionSet: instructionSet)
  }

  /// Bytes of scratch memory, aligned to a cache line, that a run needs.
  package var scratchByteCount: Int { plan.scratchByteCount }

  /// The kernel that computes the widest part of the output, such as convolution_f32_6x64__avx512.
  package var kernelName: String { plan.kernelName }

  /// Computes all products. Nothing past the inputs is read.
  package func run(
    left: UnsafeRawPointer, right: UnsafeRawPointer, output: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    plan.run(left: left, right: right, output: output, operands: operands, scratch: scratch, team: team)
  }
}
