import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

extension MatMul {
  /// A product of two activations, both f32 or both u8; nil when no kernel takes it.
  func lowerProduct(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> (any Primitive)? {
    let types = (site.operands[0].elementType, site.operands[1].elementType)
    guard types == (.f32, .f32) || types == (.u8, .u8),
      let shape = productShape(try site.shape(ofOperand: 0), try site.shape(ofOperand: 1)),
      let program = EpilogueProgram(chain, channelAxis: site.results[0].shape.rank - 1)
    else { return nil }
    let zeroPoints = byteZeroPoints
    guard types.0 == .f32 || (zeroPoints != nil && shape.inner <= QuantizedMatrixProduct.maximumInner) else {
      return nil
    }

    _ = try site.operand(0, .planar, dense: true)
    _ = try site.operand(1, .planar, dense: true)
    let epilogue = try PreparedEpilogue(
      program, site: site, baseOperandCount: 2, result: try site.result(0, .planar), channels: shape.columns)
    guard types.0 == .u8, let zeroPoints else {
      let kernel = FloatMatrixProduct(shape, epilogue: epilogue.epilogue, instructionSet: site.cpu.best)
      return FloatProductPrimitive(kernel: kernel, epilogue: epilogue)
    }
    let kernel = QuantizedMatrixProduct(
      shape, leftZeroPoint: zeroPoints.left, rightZeroPoint: zeroPoints.right, epilogue: epilogue.epilogue,
      instructionSet: site.cpu.best)
    return QuantizedProductPrimitive(kernel: kernel, epilogue: epilogue)
  }

  /// The zero points as the kernel takes them; nil when they are not bytes.
  var byteZeroPoints: (left: UInt8, right: UInt8)? {
    guard rightZeroPoints.count == 1, let left = UInt8(exactly: leftZeroPoint),
      let right = UInt8(exactly: rightZeroPoints[0])
    else { return nil }
    return (left, right)
  }

  /// The product as batches of equal matrices; nil when one side's batch is neither the other's nor a single matrix.
  func productShape(_ a: Shape, _ b: Shape) -> MatrixProductShape? {
    guard a.rank > 1, b.rank > 1, a.elementCount > 0, b.elementCount > 0 else { return nil }
    let (left, right) = (a.extents.dropLast(2).drop { $0 == 1 }, b.extents.dropLast(2).drop { $0 == 1 })
    guard left.elementsEqual(right) || left.isEmpty || right.isEmpty else { return nil }
    let batch = max(left.reduce(1, *), right.reduce(1, *))
    let (rows, inner) = transposeA ? (a[a.rank - 1], a[a.rank - 2]) : (a[a.rank - 2], a[a.rank - 1])
    return MatrixProductShape(
      batch: batch, rows: rows, inner: inner, columns: transposeB ? b[b.rank - 2] : b[b.rank - 1],
      leftIsTransposed: transposeA, rightIsTransposed: transposeB, leftIsShared: left.isEmpty && batch > 1,
      rightIsShared: right.isEmpty && batch > 1)
  }
}

private struct FloatProductPrimitive: Primitive {
  let kernel: FloatMatrixProduct
  let epilogue: PreparedEpilogue

  var kernelName: String { kernel.kernelName }
  var scratchByteCount: Int { kernel.scratchByteCount }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(
      left: step.operand(0), right: step.operand(1), output: step.result(0), operands: epilogue.pointers(step),
      scratch: step.scratch, team: step.team)
  }
}

private struct QuantizedProductPrimitive: Primitive {
  let kernel: QuantizedMatrixProduct
  let epilogue: PreparedEpilogue

  var kernelName: String { kernel.kernelName }
  var scratchByteCount: Int { kernel.scratchByteCount }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(
      left: step.operand(0), right: step.operand(1), output: step.result(0), operands: epilogue.pointers(step),
      scratch: step.scratch, team: step.team)
  }
}
