import COctetKernels
import OctetTensor

/// What a query finds in keys decides how much of each value it takes.
///
///     output[b] = valuesEpilogue(quantize(softmax(scoresEpilogue(query[b] · keys[b]ᵀ))) · values[b])
///
/// Both sides of a product are f32, or both u8, from which their zero points are taken; probabilities are quantized where
/// the values are. A few rows of scores at a time go through all operations in a cache.
package final class AttentionKernel: Sendable {
  /// With more keys a row of scores is too long.
  package static let maximumKeys = Int(OCTET_ATTENTION_KEYS)

  /// Where everything stands. All has the shape's batch.
  package struct Layout: Sendable, Hashable {
    /// Of the scores: rows of queries, columns of keys. The left side is not transposed.
    package var scores: MatrixProductShape
    package var query: MatrixSteps
    package var keys: MatrixSteps
    /// Columns of values, and whether they stand as columns × keys.
    package var valueColumns: Int
    package var valuesAreTransposed: Bool
    package var values: MatrixSteps
    package var output: MatrixSteps
    /// The operands of the scores' epilogue, each f32.
    package var operands: [MatrixSteps]

    package init(
      scores: MatrixProductShape, query: MatrixSteps, keys: MatrixSteps, valueColumns: Int, valuesAreTransposed: Bool,
      values: MatrixSteps, output: MatrixSteps, operands: [MatrixSteps]
    ) {
      precondition(scores.columns <= AttentionKernel.maximumKeys, "\(scores.columns) keys are too many")
      self.scores = scores
      self.query = query
      self.keys = keys
      self.valueColumns = valueColumns
      self.valuesAreTransposed = valuesAreTransposed
      self.values = values
      self.output = output
      self.operands = operands
    }
  }

  package typealias ZeroPoints = (left: UInt8, right: UInt8)

  /// q = clamp(roundHalfEven(p · scale + shift), 0, high)
  package struct Quantizer: Sendable, Hashable {
    package var scale: Float
    package var shift: Float
    package var high: UInt8

    package init(scale: Float, shift: Float, high: UInt8) {
      self.scale = scale
      self.shift = shift
      self.high = high
    }
  }

  private let scores: MatrixProductPlan
  private let values: MatrixProductPlan
  private let quantizerConstants: [Constants<Float>]
  private let plan: PlanCode

  /// The C plan. Sendable because nothing is written after it is made, and it points to nothing but the products and the
  /// constants.
  private struct PlanCode: @unchecked Sendable {
    var code: octet_attention_plan
  }

  /// - Parameters:
  ///   - scoresZeroPoints: nil where query and keys are f32.
  ///   - quantization: of the probabilities, with the zero points of the second product; nil where values are f32.
  package init(
    _ layout: Layout, scoresZeroPoints: ZeroPoints?, quantization: (quantizer: Quantizer, zeroPoints: ZeroPoints)?,
    scoresEpilogue: Epilogue, valuesEpilogue: Epilogue, instructionSet: InstructionSet = CPU.current.best
  ) {
    precondition(scoresEpilogue.output == .f32, "scores are f32")
    precondition(valuesEpilogue.operandTypes.isEmpty, "values have no further operands")
    let cpu = CPU(upTo: instructionSet)
    let shape = layout.scores
    scores = MatrixProductPlan(
      shape, steps: (layout.query, layout.keys), MatrixProductPlan.Packing(zeroPoints: scoresZeroPoints, cpu),
      epilogue: scoresEpilogue, operandRows: layout.operands.map(\.row), instructionSet: instructionSet)
    values = MatrixProductPlan(
      MatrixProductShape(
        batch: shape.batch, rows: shape.rows, inner: shape.columns, columns: layout.valueColumns,
        rightIsTransposed: layout.valuesAreTransposed),
      steps: (MatrixSteps(row: shape.columns, matrix: 0, run: shape.batch, runStep: 0), layout.values),
      MatrixProductPlan.Packing(zeroPoints: quantization?.zeroPoints, cpu), epilogue: valuesEpilogue,
      outputRow: layout.output.row, instructionSet: instructionSet)
    var code = octet_attention_plan()
    code.scores = scores.code
    code.values = values.code
    code.softmax = RangeKernel(octet_softmax_f32_kernels(), cpu: cpu).function
    code.output = layout.output.code
    withUnsafeMutableBytes(of: &code.operands) { bytes in
      let slots = bytes.bindMemory(to: octet_matrix_steps.self)
      for (index, steps) in layout.operands.enumerated() { slots[index] = steps.code }
    }
    quantizerConstants = quantization.map { [Constants([$0.quantizer.scale]), Constants([$0.quantizer.shift])] } ?? []
    if let quantizer = quantization?.quantizer {
      code.quantize = RangeKernel(octet_quantize_f32_kernels(), cpu: cpu).function
      code.quantizer = octet_quantize_plan(
        layout: LayoutChange(batch: 1, channels: 1, inner: 0, from: .planar, to: .planar).plan,
        scale: quantizerConstants[0].base, shift: quantizerConstants[1].base, low: 0, high: Float(quantizer.high),
        offset: 0, written: 1)
    }
    plan = PlanCode(code: code)
  }

  /// Bytes of scratch memory, aligned to a cache line, that a run needs.
  package var scratchByteCount: Int { withUnsafePointer(to: plan.code) { octet_attention_scratch_bytes($0) } }

  /// The kernels that compute the widest part of the scores and of the output.
  package var kernelNames: (scores: String, values: String) {
    ("attention_\(scores.kernelName)", "attention_\(values.kernelName)")
  }

  /// Up to 31 bytes past a u8 query are read.
  package func run(
    query: UnsafeRawPointer, keys: UnsafeRawPointer, values: UnsafeRawPointer, output: UnsafeMutableRawPointer,
    operands: EpilogueOperands = EpilogueOperands(), scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    withUnsafePointer(to: plan.code) {
      octet_attention_run($0, query, keys, values, &buffers, scratch, team.handle)
    }
  }
}
