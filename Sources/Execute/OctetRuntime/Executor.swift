package import OctetKernels
package import OctetTensor

#if canImport(Glibc)
  import Glibc
#endif

/// Runs a compiled model, one inference at a time, over an arena of its own.
///
/// Not Sendable: whoever owns it (a stream of the server, a command) calls it from one place at a time. The first run
/// with a plan binds its buffers; after that a run allocates nothing.
package final class Executor {
  private let model: CompiledModel
  private let team: WorkerTeam
  private let sampling: Int
  private var arena = Arena(byteCount: 0)
  private var scratch = Arena(byteCount: 0)
  private var bindings: [ObjectIdentifier: Binding] = [:]
  private var inferences = 0

  /// - Parameter saturationSampling: look at the quantizers of every n-th inference; 0 never does.
  package init(model: CompiledModel, team: WorkerTeam, saturationSampling: Int = 0) {
    self.model = model
    self.team = team
    sampling = saturationSampling
  }

  /// Runs the steps of `plan` on the callers' buffers: as many bytes as the plan's input and output types need, in their
  /// order. What continues the plan is not run.
  package func run(
    _ plan: ExecutionPlan, inputs: UnsafeBufferPointer<UnsafeRawPointer>,
    outputs: UnsafeBufferPointer<UnsafeMutableRawPointer>
  ) throws(ModelError) {
    try run(plan, inputs: inputs, outputs: outputs) { _, _ in }
  }

  /// The same, with a look at every step's buffers as soon as it has run. `octet verify` compares them.
  package func run(
    _ plan: ExecutionPlan, inputs: UnsafeBufferPointer<UnsafeRawPointer>,
    outputs: UnsafeBufferPointer<UnsafeMutableRawPointer>,
    observe: (_ step: Int, _ buffers: borrowing StepBuffers) -> Void
  ) throws(ModelError) {
    precondition(inputs.count == plan.inputs.count && outputs.count == plan.outputs.count)
    let binding = binding(for: plan)
    binding.connect(inputs: inputs, outputs: outputs)
    let isSampled = sampling > 0 && inferences % sampling == 0
    inferences &+= 1

    team.beginSession()
    defer { team.endSession() }
    var start = monotonicNanoseconds()
    // Where they stand: taken out of its array, a step costs as much as a small layer.
    try plan.steps.withUnsafeBufferPointer { (steps) throws(ModelError) in
      for index in steps.indices {
        let buffers = StepBuffers(
          operands: binding.operands(of: index), results: binding.results(of: index), scratch: scratch.base,
          team: team)
        do throws(ModelError) {
          try steps[index].primitive.execute(buffers)
        } catch {
          throw error.located(at: "layer '\(plan.layers[steps[index].layer].name)'")
        }
        // One clock reading per step: the end of a step is the start of the next.
        let end = monotonicNanoseconds()
        binding.counters[index].addExecution(nanoseconds: end &- start)
        start = end
        if isSampled { sample(steps[index], buffers, binding.counters[index]) }
        observe(index, buffers)
      }
    }
  }

  /// Runs with tensors; the outputs are new.
  package func run(_ inputs: [Tensor]) throws(ModelError) -> [Tensor] {
    for (port, tensor) in zip(model.signature.inputs, inputs) where port.type.elementType != tensor.elementType {
      throw .input("input '\(port.name)' takes \(port.type.elementType), not \(tensor.elementType)")
    }
    var plan = try model.plan(for: inputs.map(\.shape))
    var outputs = try run(plan, on: inputs)
    while let continuation = plan.continuation {
      let decided = try continuation.inputs(from: outputs, model.counters)
      plan = try continuation.plan(for: decided.map(\.shape))
      outputs = try run(plan, on: decided)
    }
    return outputs
  }

  private func run(_ plan: ExecutionPlan, on inputs: [Tensor]) throws(ModelError) -> [Tensor] {
    let outputs = plan.outputs.map { Tensor($0.elementType, $0.shape) }
    let inputBases = inputs.map { UnsafeRawPointer($0.storage.base) }
    let outputBases = outputs.map(\.storage.base)
    try inputBases.withUnsafeBufferPointer { (inputPointers) throws(ModelError) in
      try outputBases.withUnsafeBufferPointer { (outputPointers) throws(ModelError) in
        try run(plan, inputs: inputPointers, outputs: outputPointers)
      }
    }
    withExtendedLifetime((inputs, outputs)) {}
    return outputs
  }

  private func binding(for plan: ExecutionPlan) -> Binding {
    if let known = bindings[ObjectIdentifier(plan)] { return known }
    if bindings.count >= 32 { bindings.removeAll() }
    if plan.scratchByteCount > scratch.byteCount { scratch = Arena(byteCount: plan.scratchByteCount) }
    if plan.arenaByteCount > arena.byteCount {
      arena = Arena(byteCount: plan.arenaByteCount)
      bindings.removeAll()  // they point into the old one
    }
    let binding = Binding(plan: plan, arena: arena.base, counters: model.counters)
    bindings[ObjectIdentifier(plan)] = binding
    return binding
  }

  private func sample(_ step: Step, _ buffers: borrowing StepBuffers, _ counter: LayerCounter) {
    guard let probe = step.saturation else { return }
    var saturated = 0
    for row in 0..<probe.rows {
      let values = UnsafeRawBufferPointer(start: buffers.result(0) + row * probe.rowStride, count: probe.rowLength)
      for value in values where value == probe.high || value == probe.low { saturated += 1 }
    }
    counter.addSample(values: probe.rows * probe.rowLength, saturated: saturated)
  }
}

package func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
}
