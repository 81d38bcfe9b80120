import COctetKernels

/// A recurrent cell over sequences, in f32, on top of what the inputs add: p = W·x + b.
///
///     RNN:              h′ = f(p + R·h)
///     LSTM:             f, i, o = σ(p + R·h), ĉ = g(p + R·h), c′ = f∘c + i∘ĉ, h′ = o∘k(c′)
///     GRU:              z, r = σ(p + R·h), ĥ = g(p + R·(r∘h)), h′ = (1 − z)∘ĥ + z∘h
///     GRU, late reset:  ĥ = g(p + r∘(R·h + b′))
///
/// From AVX2 up every instruction set writes the same bytes, for every batch and thread count.
///
/// Sendable because nothing is written after the initializer.
package final class RecurrenceF32: @unchecked Sendable {
  package enum Cell: Hashable, Sendable {
    /// Gates f, i, c, o.
    case lstm
    /// Gates z, r, h.
    case gru
    case gruWithLateReset
    case rnn

    /// Groups of `hidden` rows in R.
    package var gates: Int { octet_recurrence_gates(code) }
  }

  package enum Activation: Hashable, Sendable {
    case sigmoid, tanh, relu
    /// min(max(alpha·x + beta, 0), 1)
    case hardSigmoid(alpha: Float, beta: Float)
  }

  package struct Size: Hashable, Sendable {
    package let batch: Int
    package let steps: Int
    package let hidden: Int
    /// Per direction, whether it begins at a sequence's end; one or two of them.
    package let isReverse: [Bool]

    package init(batch: Int, steps: Int, hidden: Int, isReverse: [Bool]) {
      precondition(batch > 0 && steps > 0 && hidden > 0, "batch \(batch), steps \(steps), hidden \(hidden)")
      precondition((1...2).contains(isReverse.count), "a sequence has two directions, not \(isReverse.count)")
      self.batch = batch
      self.steps = steps
      self.hidden = hidden
      self.isReverse = isReverse
    }
  }

  private let kernel: RangeKernel
  private let plan: octet_recurrence_plan
  private let weights: PackedRecurrentWeights
  private let lateBias: Constants<Float>?

  /// - Parameters:
  ///   - activations: σ, g and k of the cell, as many as it has.
  ///   - clip: sums are cut to ±clip before all of them but k.
  ///   - lateBias: b′ [directions][hidden] of a GRU with late reset.
  package init(
    _ size: Size, weights: PackedRecurrentWeights, activations: [Activation], clip: Float? = nil,
    lateBias: [Float] = [], cpu: CPU = .current
  ) {
    precondition(weights.directions == size.isReverse.count && weights.hidden == size.hidden, "weights of another size")
    let isLate = weights.cell == .gruWithLateReset
    precondition(lateBias.count == (isLate ? weights.directions * size.hidden : 0), "\(lateBias.count) late biases")
    kernel = RangeKernel(octet_recurrence_f32_kernels(), cpu: cpu)
    self.weights = weights
    self.lateBias = isLate ? Constants(lateBias) : nil
    var plan = octet_recurrence_plan()
    plan.cell = weights.cell.code
    plan.clip = clip ?? .infinity
    plan.batch = size.batch
    plan.steps = size.steps
    plan.directions = size.isReverse.count
    plan.hidden = size.hidden
    plan.weights = weights.base
    plan.late_bias = self.lateBias?.base
    let codes = activations.map(\.code)
    plan.activations = (codes[0], codes.count > 1 ? codes[1] : codes[0], codes.count > 2 ? codes[2] : codes[0])
    plan.is_reverse = (size.isReverse[0], size.isReverse.last ?? false)
    self.plan = plan
  }

  package var kernelName: String { kernel.name }

  /// The values of p, and those that are read behind them.
  package var projectionCount: Int { trackCount * plan.steps * weights.cell.gates * plan.hidden + 16 }

  /// Values of z and r∘h that a run keeps; 0 unless the cell is a GRU whose reset is not late.
  package var gateCount: Int { weights.cell == .gru ? 2 * trackCount * plan.hidden : 0 }

  private var trackCount: Int { plan.batch * plan.directions }

  /// Runs all steps.
  ///
  /// - Parameters:
  ///   - projection: p [batch][steps][directions][gates][hidden], `projectionCount` values.
  ///   - initial: the first h [batch][directions][hidden].
  ///   - outputs: h of every step, [batch][directions][steps][hidden]; 0 behind the end of a sequence.
  ///   - memory: c of an LSTM, [batch][directions][hidden]: first that of the beginning, then the last.
  ///   - gates: room for `gateCount` values.
  ///   - lengths: steps of each sequence, at most `steps`; nil: all.
  package func run(
    projection: UnsafePointer<Float>, initial: UnsafePointer<Float>, outputs: UnsafeMutablePointer<Float>,
    memory: UnsafeMutablePointer<Float>?, gates: UnsafeMutablePointer<Float>, lengths: UnsafePointer<Int>?,
    team: WorkerTeam
  ) {
    let gated = gates + gateCount / 2
    var buffers = octet_recurrence_buffers(
      projection: projection, initial: initial, outputs: outputs, memory: memory, update: gates, gated: gated,
      lengths: lengths)
    withUnsafePointer(to: plan) { octet_recurrence_run($0, kernel.function, &buffers, team.handle) }
  }
}

/// R of a recurrent cell in the order in which kernels read it, for every instruction set.
///
/// Sendable because nothing is written after the initializer.
package final class PackedRecurrentWeights: @unchecked Sendable {
  package let cell: RecurrenceF32.Cell
  package let directions: Int
  package let hidden: Int
  private let memory: KernelMemory

  /// Packs R [directions][gates][hidden][hidden].
  package init(_ weights: UnsafeBufferPointer<Float>, cell: RecurrenceF32.Cell, directions: Int, hidden: Int) {
    precondition(weights.count == directions * cell.gates * hidden * hidden, "\(weights.count) weights")
    self.cell = cell
    self.directions = directions
    self.hidden = hidden
    memory = KernelMemory(
      byteCount: octet_recurrence_packed_count(cell.code, directions, hidden) * MemoryLayout<Float>.stride)
    octet_recurrence_pack(cell.code, directions, hidden, weights.baseAddress, memory.elements(Float.self))
  }

  package var byteCount: Int { memory.byteCount }
  var base: UnsafePointer<Float> { UnsafePointer(memory.elements(Float.self)) }
}

extension RecurrenceF32.Cell {
  fileprivate var code: octet_recurrent_cell {
    switch self {
    case .lstm: OCTET_CELL_LSTM
    case .gru: OCTET_CELL_GRU
    case .gruWithLateReset: OCTET_CELL_GRU_LATE_RESET
    case .rnn: OCTET_CELL_RNN
    }
  }
}

extension RecurrenceF32.Activation {
  fileprivate var code: octet_recurrent_activation {
    switch self {
    case .sigmoid: octet_recurrent_activation(operation: OCTET_UNARY_SIGMOID, alpha: 0, beta: 0)
    case .tanh: octet_recurrent_activation(operation: OCTET_UNARY_TANH, alpha: 0, beta: 0)
    case .relu: octet_recurrent_activation(operation: OCTET_UNARY_RELU, alpha: 0, beta: 0)
    case .hardSigmoid(let alpha, let beta):
      octet_recurrent_activation(operation: OCTET_UNARY_HARD_SIGMOID, alpha: alpha, beta: beta)
    }
  }
}
