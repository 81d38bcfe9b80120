import OctetTensor

/// The buffer addresses of a plan's steps within one executor: a flat table that steps read pointers from.
final class Binding {
  let counters: [LayerCounter]
  private let plan: ExecutionPlan
  private let table: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let operandStart: [Int]
  private let resultStart: [Int]
  /// Entries of the table that hold a pointer of the caller.
  private var inputEntries: [(entry: Int, input: Int)] = []
  private var outputEntries: [(entry: Int, output: Int)] = []

  init(plan: ExecutionPlan, arena: UnsafeMutableRawPointer, counters: LayerCounters) {
    self.plan = plan
    self.counters = plan.steps.map { counters.counter(for: plan.layers[$0.layer]) }
    let count = plan.steps.reduce(0) { $0 + $1.operands.count + $1.results.count }
    table = .allocate(capacity: max(count, 1))
    table.initialize(repeating: arena, count: max(count, 1))

    var operandStart: [Int] = []
    var resultStart: [Int] = []
    var references: [BufferReference] = []
    for step in plan.steps {
      operandStart.append(references.count)
      references += step.operands
      resultStart.append(references.count)
      references += step.results
    }
    self.operandStart = operandStart
    self.resultStart = resultStart

    for (entry, reference) in references.enumerated() {
      switch reference {
      case .input(let input): inputEntries.append((entry, input))
      case .output(let output): outputEntries.append((entry, output))
      case .constant(let storage): table[entry] = storage.base
      case .arena(let offset):
        precondition(offset <= plan.arenaByteCount, "the memory plan overruns the arena")
        table[entry] = arena + offset
      }
    }
  }

  deinit { table.deallocate() }

  func connect(
    inputs: UnsafeBufferPointer<UnsafeRawPointer>, outputs: UnsafeBufferPointer<UnsafeMutableRawPointer>
  ) {
    // By index: without optimization an iterator allocates, and tests count on nothing that does.
    for index in inputEntries.indices {
      table[inputEntries[index].entry] = UnsafeMutableRawPointer(mutating: inputs[inputEntries[index].input])
    }
    for index in outputEntries.indices { table[outputEntries[index].entry] = outputs[outputEntries[index].output] }
  }

  func operands(of step: Int) -> UnsafePointer<UnsafeMutableRawPointer> {
    UnsafePointer(table + operandStart[step])
  }

  func results(of step: Int) -> UnsafePointer<UnsafeMutableRawPointer> { UnsafePointer(table + resultStart[step]) }
}
