import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

extension MatMul {
  /// A product of two activations in f32; nil when no kernel takes it.
  func lowerProduct(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> (any Primitive)? {
    let (a, b) = (try site.shape(ofOperand: 0), try site.shape(ofOperand: 1))
    guard site.operands[0].elementType == .f32, site.operands[1].elementType == .f32, chain.isEmpty,
      let shape = productShape(a, b)
    else { return nil }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.operand(1, .planar, dense: true)
    _ = try site.result(0, .planar)
    let epilogue = Epilogue(channels: shape.columns, operations: [], output: .f32)
    return MatrixProductPrimitive(
      kernel: FloatMatrixProduct(shape, epilogue: epilogue, instructionSet: site.cpu.best))
  }

  /// The product as batches of equal matrices; nil when one side's batch is neither the other's nor a single matrix.
  private func productShape(_ a: Shape, _ b: Shape) -> FloatMatrixProduct.Shape? {
    guard a.rank > 1, b.rank > 1, a.elementCount > 0, b.elementCount > 0 else { return nil }
    let (left, right) = (a.extents.dropLast(2).drop { $0 == 1 }, b.extents.dropLast(2).drop { $0 == 1 })
    guard left.elementsEqual(right) || left.isEmpty || right.isEmpty else { return nil }
    let batch = max(left.reduce(1, *), right.reduce(1, *))
    let (rows, inner) = transposeA ? (a[a.rank - 1], a[a.rank - 2]) : (a[a.rank - 2], a[a.rank - 1])
    return FloatMatrixProduct.Shape(
      batch: batch, rows: rows, inner: inner, columns: transposeB ? b[b.rank - 2] : b[b.rank - 1],
      leftIsTransposed: transposeA, rightIsTransposed: transposeB, leftIsShared: left.isEmpty && batch > 1,
      rightIsShared: right.isEmpty && batch > 1)
  }
}

private struct MatrixProductPrimitive: Primitive {
  let kernel: FloatMatrixProduct

  var kernelName: String { kernel.kernelName }
  var scratchByteCount: Int { kernel.scratchByteCount }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(
      left: step.operand(0), right: step.operand(1), output: step.result(0), scratch: step.scratch, team: step.team)
  }
}
