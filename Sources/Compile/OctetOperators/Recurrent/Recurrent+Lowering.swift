package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension RecurrentCell {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let x = try site.shape(ofOperand: 0)
    guard x.elementCount > 0 else { return ReferencePrimitive(self, site) }
    let size = RecurrenceF32.Size(batch: x[0], steps: 1, hidden: settings.hiddenSize, isReverse: [false])
    return try RecurrentPrimitive(self, size, isSequence: false, site) ?? ReferencePrimitive(self, site)
  }
}

extension RecurrentSequence {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let x = try site.shape(ofOperand: 0)
    guard x.elementCount > 0 else { return ReferencePrimitive(self, site) }
    let size = RecurrenceF32.Size(
      batch: x[0], steps: x[1], hidden: cell.settings.hiddenSize,
      isReverse: (0..<direction.count).map { direction.isReverse($0) })
    return try RecurrentPrimitive(cell, size, isSequence: true, site) ?? ReferencePrimitive(self, site)
  }
}

/// W·x + b of all steps as one matrix product, unless that is what operand 0 is; then the recurrence on top of it.
private struct RecurrentPrimitive: Primitive {
  private let projection: FloatConvolution?
  private let recurrence: RecurrenceF32
  private let size: RecurrenceF32.Size
  private let isSequence: Bool
  private let hasMemory: Bool
  /// The operand with the lengths, and whether they are i64; nil where every sequence has all steps.
  private let lengths: (operand: Int, areLong: Bool)?

  /// Nil when an operand is not f32, the weights are not known, or projections come without the bias.
  init?<Cell: RecurrentCell>(
    _ cell: Cell, _ size: RecurrenceF32.Size, isSequence: Bool, _ site: LoweringSite
  ) throws(OperatorError) {
    let states = Cell.stateCount
    let first = 1 + states + (isSequence ? 1 : 0)
    var constants: [Tensor] = []
    for operand in site.operands[first...] {
      guard let constant = operand.constant else { return nil }
      constants.append(constant)
    }
    let w = cell.readsProjections ? nil : constants.removeFirst()
    guard site.operands[0].elementType == .f32, let r = constants.first else { return nil }
    let bias = constants.count > 1 ? constants[1].withElements(as: Float.self) { Array($0) } : []
    let (kernel, directions) = (cell.kernel, size.isReverse.count)
    let parts = RecurrentBias(bias, cell, directions: directions)
    guard w != nil || parts.early.allSatisfy({ $0 == 0 }) else { return nil }
    let packed: PackedRecurrentWeights = site.weights.packed(r, "recurrence \(kernel)", byteCount: \.byteCount) {
      r.withElements(as: Float.self) {
        PackedRecurrentWeights($0, cell: kernel, directions: directions, hidden: size.hidden)
      }
    }
    recurrence = RecurrenceF32(
      size, weights: packed, activations: cell.settings.activations.map(\.kernel),
      clip: cell.settings.clip.map { Float($0) }, lateBias: parts.late, cpu: site.cpu)
    projection = w.map { Self.projection($0, size.batch * size.steps, bias: parts.early, site) }
    self.size = size
    self.isSequence = isSequence
    hasMemory = states == 2
    lengths = isSequence ? Self.lengths(site.operands[1 + states], at: 1 + states, steps: size.steps) : nil

    for operand in 0...states { _ = try site.operand(operand, .planar, dense: true) }
    if let lengths { _ = try site.operand(lengths.operand, .planar, dense: true) }
    for result in site.results.indices { _ = try site.result(result, .planar) }
  }

  /// W is [directions · gates · hidden, inputs].
  private static func projection(_ w: Tensor, _ rows: Int, bias: [Float], _ site: LoweringSite) -> FloatConvolution {
    let inputs = w.shape[w.shape.rank - 1]
    let outputs = w.elementCount / inputs
    let geometry = ConvolutionGeometry.matrixProduct(rows: rows, inputChannels: inputs, outputChannels: outputs)
    let isa = site.cpu.best
    let packed: PackedConvolutionWeights = site.weights.packed(w, "recurrence \(isa)", byteCount: \.byteCount) {
      PackedConvolutionWeights.packing(w, for: geometry, isa)
    }
    let operations: [PostOperation] =
      bias.isEmpty ? [] : [.scaleShift(scale: Array(repeating: 1, count: outputs), shift: bias)]
    return FloatConvolution(
      geometry: geometry, weights: packed,
      epilogue: Epilogue(channels: outputs, operations: operations, output: .f32))
  }

  private static func lengths(_ operand: Operand, at index: Int, steps: Int) -> (operand: Int, areLong: Bool)? {
    if let constant = operand.constant, constant.doubles.allSatisfy({ $0 >= Double(steps) }) { return nil }
    return (index, operand.elementType == .i64)
  }

  var kernelName: String { recurrence.kernelName }

  // Scratch memory: p, the gates that a cell keeps, the lengths, and what the projection needs.
  private var gatesOffset: Int { projection == nil ? 0 : recurrence.projectionCount * MemoryLayout<Float>.stride }
  private var lengthsOffset: Int { aligned(gatesOffset + recurrence.gateCount * MemoryLayout<Float>.stride) }
  private var projectionOffset: Int { aligned(lengthsOffset + size.batch * MemoryLayout<Int>.stride) }
  var scratchByteCount: Int { projectionOffset + (projection?.scratchByteCount ?? 0) }

  private func aligned(_ offset: Int) -> Int { (offset + 63) & ~63 }

  func execute(_ step: borrowing StepBuffers) {
    projection?.run(
      input: step.operand(0), output: step.scratch, scratch: step.scratch + projectionOffset, team: step.team)
    let projected = projection == nil ? step.operand(0) : UnsafeRawPointer(step.scratch)
    let initial = step.operand(1).assumingMemoryBound(to: Float.self)
    let outputs = step.result(0).assumingMemoryBound(to: Float.self)
    var memory: UnsafeMutablePointer<Float>?
    if hasMemory {
      let result = step.result(isSequence ? 2 : 1)
      result.copyMemory(from: step.operand(2), byteCount: stateByteCount * size.batch * size.isReverse.count)
      memory = result.assumingMemoryBound(to: Float.self)
    }
    let lengths = readLengths(step)
    recurrence.run(
      projection: projected.assumingMemoryBound(to: Float.self), initial: initial, outputs: outputs, memory: memory,
      gates: (step.scratch + gatesOffset).assumingMemoryBound(to: Float.self), lengths: lengths, team: step.team)
    if isSequence { copyLast(from: outputs, initial, to: step.result(1), lengths) }
  }

  private var stateByteCount: Int { size.hidden * MemoryLayout<Float>.stride }

  /// Lengths may come with the request: what is longer than the sequence means all of it.
  private func readLengths(_ step: borrowing StepBuffers) -> UnsafePointer<Int>? {
    guard let lengths else { return nil }
    let result = (step.scratch + lengthsOffset).assumingMemoryBound(to: Int.self)
    let source = step.operand(lengths.operand)
    for element in 0..<size.batch {
      let given =
        lengths.areLong
        ? Int(source.assumingMemoryBound(to: Int64.self)[element])
        : Int(source.assumingMemoryBound(to: Int32.self)[element])
      result[element] = max(0, min(given, size.steps))
    }
    return UnsafePointer(result)
  }

  /// The last h of every sequence and direction; the first one where a sequence is empty.
  private func copyLast(
    from outputs: UnsafePointer<Float>, _ initial: UnsafePointer<Float>, to last: UnsafeMutableRawPointer,
    _ lengths: UnsafePointer<Int>?
  ) {
    for element in 0..<size.batch {
      let length = lengths?[element] ?? size.steps
      for direction in size.isReverse.indices {
        let track = element * size.isReverse.count + direction
        let time = track * size.steps + (size.isReverse[direction] ? 0 : length - 1)
        let source = length == 0 ? initial + track * size.hidden : outputs + time * size.hidden
        (last + track * stateByteCount).copyMemory(from: source, byteCount: stateByteCount)
      }
    }
  }
}

/// The bias of all directions in the two places where it is added.
private struct RecurrentBias {
  /// Added with W·x: [directions][gates · hidden], or empty.
  let early: [Float]
  /// Added with R·h where the reset is late: [directions][hidden].
  let late: [Float]

  init(_ bias: [Float], _ cell: some RecurrentCell, directions: Int) {
    let hidden = cell.settings.hiddenSize
    let added = cell.kernel.gates * hidden
    guard cell.biasGateCount > cell.kernel.gates else {
      early = bias
      late = []
      return
    }
    let rows = (0..<directions).map { bias.dropFirst($0 * (added + hidden)).prefix(added + hidden) }
    early = rows.flatMap { $0.prefix(added) }
    late = bias.isEmpty ? Array(repeating: 0, count: directions * hidden) : rows.flatMap { $0.suffix(hidden) }
  }
}

extension RecurrentActivation {
  fileprivate var kernel: RecurrenceF32.Activation {
    switch kind {
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .relu: .relu
    case .hardSigmoid: .hardSigmoid(alpha: Float(alpha), beta: Float(beta))
    }
  }
}
