import OctetKernels
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// result = operand + 1, byte by byte.
private struct Increment: Primitive {
  let count: Int
  var scratchByteCount = 0
  var kernelName: String { "increment" }

  func execute(_ step: borrowing StepBuffers) {
    for index in 0..<scratchByteCount { step.scratch.storeBytes(of: 0xFF, toByteOffset: index, as: UInt8.self) }
    for index in 0..<count {
      let value = step.operand(0).load(fromByteOffset: index, as: UInt8.self)
      step.result(0).storeBytes(of: value &+ 1, toByteOffset: index, as: UInt8.self)
    }
  }
}

@Suite struct ExecutorTests {
  /// x → +1 → +1 → y through the arena, the second step with a constant operand when one is given.
  private func model(
    probe: SaturationProbe? = nil, constant: TensorStorage? = nil, scratch: Int = 0
  ) -> CompiledModel {
    let type = TensorType(.u8, PartialShape([.dynamic]))
    let layers = ["one", "two"].map { name in
      LayerDescription(
        name: name, operatorName: "Increment", precision: "int8", kernel: "increment", fused: [], reason: nil, macs: 0)
    }
    return CompiledModel(
      signature: ModelSignature(
        inputs: [Port(name: "x", type: type)], outputs: [Port(name: "y", type: type)]),
      instructionSet: "scalar", weightByteCount: { 0 }
    ) { shapes in
      let increment = Increment(count: shapes[0].elementCount, scratchByteCount: scratch)
      let between = BufferReference.arena(offset: 64)
      return ExecutionPlan(
        inputs: [(.u8, shapes[0])], outputs: [(.u8, shapes[0])],
        steps: [
          Step(primitive: increment, operands: [.input(0)], results: [between], layer: 0, saturation: probe),
          Step(
            primitive: increment, operands: [constant.map { .constant($0) } ?? between], results: [.output(0)],
            layer: 1),
        ], layers: layers, arenaByteCount: 64 + shapes[0].elementCount)
    }
  }

  private func executor(_ model: CompiledModel, sampling: Int = 0) -> Executor {
    Executor(model: model, team: WorkerTeam(threads: 1), saturationSampling: sampling)
  }

  private func bytes(_ values: UInt8...) -> Tensor { Tensor(.u8, Shape(valid: [values.count]), elements: values) }

  @Test func stepsRunInOrderOverTheArena() throws {
    let result = try executor(model()).run([bytes(1, 2, 255)])
    #expect(result[0].elements(as: UInt8.self) == [3, 4, 1])
  }

  @Test func constantsAreReadInPlace() throws {
    let storage = TensorStorage(byteCount: 2)
    storage.base.storeBytes(of: 41, as: UInt8.self)
    let result = try executor(model(constant: storage)).run([bytes(9, 9)])
    #expect(result[0].elements(as: UInt8.self) == [42, 1])
  }

  @Test func shapesMayChangeFromRunToRun() throws {
    let executor = executor(model(scratch: 1000))
    #expect(try executor.run([bytes(1)])[0].elements(as: UInt8.self) == [3])
    let long = Tensor(.u8, [5000], elements: [UInt8](repeating: 7, count: 5000))
    #expect(try executor.run([long])[0].elements(as: UInt8.self).allSatisfy { $0 == 9 })
    #expect(try executor.run([bytes(2)])[0].elements(as: UInt8.self) == [4])
  }

  @Test func moreShapesThanAreCachedRun() throws {
    let executor = executor(model())
    for count in 1...80 {
      let input = Tensor(.u8, Shape(valid: [count]), elements: [UInt8](repeating: 1, count: count))
      #expect(try executor.run([input])[0].elements(as: UInt8.self).allSatisfy { $0 == 3 })
    }
  }

  @Test func everyRunIsCountedOnEveryLayer() throws {
    let model = model()
    let executors = [executor(model), executor(model)]
    for executor in executors { for _ in 0..<3 { _ = try executor.run([bytes(1)]) } }
    _ = try executors[0].run([bytes(1, 2)])
    #expect(model.counters.all.map(\.layer.name) == ["one", "two"])
    #expect(model.counters.all.map(\.executions) == [7, 7])
    #expect(model.counters.all.allSatisfy { $0.nanoseconds > 0 && $0.sampledValues == 0 })
  }

  @Test func everyNthInferenceIsSampled() throws {
    let probe = SaturationProbe(rowLength: 4, rowStride: 4, rows: 1, low: 1, high: 255)
    let model = model(probe: probe)
    let executor = executor(model, sampling: 3)
    // One step later: 1, 255, 10, 0.
    for _ in 0..<7 { _ = try executor.run([bytes(0, 254, 9, 255)]) }
    let counter = model.counters.all[0]
    #expect(counter.sampledValues == 12)
    #expect(counter.saturatedValues == 6)
    #expect(model.counters.all[1].sampledValues == 0)
  }

  @Test func samplingSkipsTheGapsBetweenRowsAndBoundsThatMeanNothing() throws {
    let probe = SaturationProbe(rowLength: 1, rowStride: 3, rows: 2, low: nil, high: 255)
    let model = model(probe: probe)
    _ = try executor(model, sampling: 1).run([bytes(255, 254, 254, 254, 254, 254)])
    #expect(model.counters.all[0].sampledValues == 2)
    #expect(model.counters.all[0].saturatedValues == 1)
  }

  @Test func observersSeeEveryStep() throws {
    let model = model()
    let plan = try model.plan(for: [[2]])
    let (input, output) = (bytes(1, 2), Tensor(.u8, [2]))
    var seen: [UInt8] = []
    let inputs = [UnsafeRawPointer(input.storage.base)]
    let outputs = [output.storage.base]
    try inputs.withUnsafeBufferPointer { inputs in
      try outputs.withUnsafeBufferPointer { outputs in
        try executor(model).run(plan, inputs: inputs, outputs: outputs) { _, buffers in
          seen.append(buffers.result(0).load(fromByteOffset: 1, as: UInt8.self))
        }
      }
    }
    #expect(seen == [3, 4])
  }

  @Test func tensorsOfAnotherTypeAreRefused() throws {
    let executor = executor(model())
    #expect(throws: ModelError.input("input 'x' takes u8, not f32")) { try executor.run([Tensor(.f32, [2])]) }
    #expect(throws: ModelError.input("the model takes 1 inputs, not 2")) {
      try executor.run([bytes(1), bytes(2)])
    }
  }
}
