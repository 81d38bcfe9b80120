import CAllocationCounter
import OctetGraph
import OctetKernels
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import octet

/// Steady-state inference allocates nothing: no pauses, no growth, no lock of the allocator.
@Suite(.enabled(if: allocation_counter_is_active())) struct AllocationTests {
  /// Allocations of this thread during `runs` inferences, after a first one has bound the buffers.
  private func allocations(_ model: CompiledModel, shapes: [Shape]? = nil, sampling: Int = 0) throws -> UInt64 {
    let plan = try model.plan(for: shapes ?? model.smallestInputShapes)
    let executor = Executor(model: model, team: WorkerTeam(threads: 2), saturationSampling: sampling)
    let inputs = plan.inputs.map { Tensor($0.elementType, $0.shape) }
    let outputs = plan.outputs.map { Tensor($0.elementType, $0.shape) }
    let inputBases = inputs.map { UnsafeRawPointer($0.storage.base) }
    let outputBases = outputs.map(\.storage.base)
    return try inputBases.withUnsafeBufferPointer { inputs in
      try outputBases.withUnsafeBufferPointer { outputs in
        try executor.run(plan, inputs: inputs, outputs: outputs)
        let before = allocation_counter_value()
        for _ in 0..<10 { try executor.run(plan, inputs: inputs, outputs: outputs) }
        return allocation_counter_value() - before
      }
    }
  }

  @Test func theCounterCounts() {
    let before = allocation_counter_value()
    let array = [Int](repeating: 1, count: 100)
    #expect(allocation_counter_value() > before)
    #expect(array.count == 100)
  }

  @Test func theEmbeddedModelAllocatesNothing() throws {
    let model = try ModelLoading.model(from: "embedded:digits")
    let count = try allocations(model)
    #expect(count == 0)
  }

  @Test func samplingSaturationAllocatesNothing() throws {
    let count = try allocations(ModelLoading.model(from: "embedded:digits"), sampling: 2)
    #expect(count == 0)
  }

  @Test func everyKernelOfAnImageClassifierAllocatesNothing() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 12, 12]), reach: 1)
    let branch = try g.signed(try g.int8Convolution(x, inputs: 8, outputs: 8), reach: 1.618)
    let residual = try g.fakeQuantize(try g.add(ReLU(), try g.add(Add(), branch, x)), 0, 2)
    let deep = try g.fakeQuantize(try g.depthwise(residual, channels: 8), 0, 2)
    let joined = try g.concat([try g.maxPool(deep, 2, strides: 2), try g.maxPool(deep, 2, strides: 2)])
    let average = try g.signed(try g.averagePool(joined, 3), reach: 1)
    let table = try g.fakeQuantize(try g.add(Sigmoid(), average), 0, 1)
    let gated = try g.add(Multiply(), try g.add(Sigmoid(), try g.mean(table)), table)
    let flat = try g.reshape(try g.mean(gated), [2, 16])
    let logits = try g.add(MatMul(transposeA: false, transposeB: true), flat, try g.int8Weights([10, 16]))
    g.output(try g.add(SoftMax(axis: 1), logits))
    let model = try ModelCompiler().compile(g.graph)
    let kernels = try model.plan(for: model.smallestInputShapes).layers.map(\.kernel)
    #expect(!kernels.contains("reference"), "\(kernels)")
    let count = try allocations(model)
    #expect(count == 0)
  }

  @Test func recurrentLayersAllocateNothing() throws {
    let g = GraphBuilder()
    let settings = try RecurrentSettings(
      hiddenSize: 160, activations: [.sigmoid, .tanh, .tanh].map { RecurrentActivation($0) }, clip: nil)
    let (x, state) = (try g.input("x", [2, 5, 8]), try g.randomConstant([2, 2, 160]))
    let weights = try [[2, 640, 8], [2, 640, 160], [2, 640]].map { try g.randomConstant($0) }
    let lengths = try g.constant([3, 5], nil, .i64)
    let node = try g.addNode(
      RecurrentSequence(cell: LSTMCell(settings: settings), direction: .bidirectional),
      [x, state, state, lengths] + weights)
    g.output(Value(node, 0))
    let count = try allocations(ModelCompiler().compile(g.graph))
    #expect(count == 0)
  }

  @Test func movementsThatValuesDecideAllocateNothing() throws {
    let g = GraphBuilder()
    let (x, scalar) = (try g.input("x", [3, 4, 5]), try g.scalar(1, .i64))
    let (own, rows) = (try g.input("own", [3, 4, 5], .i64), try g.input("rows", [2, 1], .i64))
    g.output(try g.add(GatherElements(axis: 1), x, own), "gathered")
    g.output(try g.add(GatherND(batchAxes: 0, joinsBatchAxes: false), x, rows), "slices")
    let scattered = try g.add(ScatterElementsUpdate(reduction: .mean), x, own, x, scalar)
    let updates = try g.randomConstant([2, 4, 5])
    g.output(try g.add(ScatterNDUpdate(), scattered, rows, updates), "scattered")
    g.output(try g.add(CumSum(isExclusive: false, isReverse: true), x, scalar), "sums")
    g.output(try g.add(OneHot(axis: -1), rows, g.scalar(6, .i64), g.scalar(1), g.scalar(0)), "hot")
    g.output(try g.add(ReverseSequence(batchAxis: 0, sequenceAxis: 1), x, g.input("lengths", [3], .i64)), "reversed")
    let isSmall = try g.add(Less(), try g.add(Power(), x, x), x)
    g.output(try g.add(Select(), isSmall, x, try g.add(Convert(to: .f32), own)), "selected")
    g.output(try g.add(LogSoftmax(axis: 1), x), "logarithms")
    let model = try ModelCompiler().compile(g.graph)
    let kernels = try model.plan(for: model.smallestInputShapes).layers.map(\.kernel)
    #expect(!kernels.contains("reference"), "\(kernels)")
    let count = try allocations(model)
    #expect(count == 0)
  }

  @Test func detectionsAllocateNothing() throws {
    let g = GraphBuilder()
    var settings = DetectionOutput.Settings()
    (settings.keepLimit, settings.scoreThreshold) = (20, -1)
    let inputs = [
      try g.input("offsets", [1, 400]), try g.input("scores", [1, 300]), try g.randomConstant([1, 2, 400]),
    ]
    g.output(Value(try g.addNode(DetectionOutput(settings: settings), inputs)))
    let count = try allocations(ModelCompiler().compile(g.graph))
    #expect(count == 0)
  }
}
