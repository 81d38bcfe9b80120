import Dispatch
import OctetGraph
import OctetKernels
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Synchronization
import Testing

/// Models whose shapes depend on values: plans end where they do, and go on with what was decided.
@Suite struct ValueDependentShapeTests {
  /// x → ReLU → the positive elements, doubled, and how many there are.
  private func positives(_ shape: PartialShape = [2, 3]) throws -> Graph {
    let g = GraphBuilder()
    let rectified = try g.add(ReLU(), try g.input("x", shape))
    let places = try g.add(NonZero(outputType: .i64), rectified)
    let rows = try g.add(Transpose(), places, try g.integers([1, 0]))
    let found = try g.add(try GatherND(batchAxes: 0, joinsBatchAxes: false), rectified, rows)
    g.output(try g.add(Multiply(), found, try g.scalar(2)), "doubled")
    g.output(try g.add(try ShapeOf(outputType: .i64), found), "count")
    return g.graph
  }

  private func x(_ values: [Double]) -> Tensor { Tensor(.f32, [2, 3], converting: values) }

  @Test(arguments: [[1, -2, 3, 0, 5, 6], [-1, -1, -1, -1, -1, -1], [0, 0, 0, 0, 0, 7], [1, 2, 3, 4, 5, 6]])
  func outputsHaveTheShapeThatTheValuesDecide(_ values: [Double]) throws {
    let outputs = try execute(positives(), [x(values)])
    let expected = values.filter { $0 > 0 }.map { $0 * 2 }
    #expect(outputs[0].doubles == expected)
    #expect(outputs[0].shape == Shape(valid: [expected.count]))
    #expect(outputs[1].doubles == [Double(expected.count)])
  }

  @Test func oneExecutorTakesThemInAnyOrder() throws {
    let model = try ModelCompiler().compile(positives())
    let executor = Executor(model: model, team: WorkerTeam(threads: 2))
    for count in [3, 0, 6, 1, 3, 0, 5] {
      let values = (0..<6).map { $0 < count ? Double($0 + 1) : -1 }
      #expect(try executor.run([x(values)])[0].doubles == values.filter { $0 > 0 }.map { $0 * 2 })
    }
  }

  /// How many are kept is computed, too: a slice and a range behind the first cut are cut again.
  @Test func cutsFollowEachOther() throws {
    let g = GraphBuilder()
    let rectified = try g.add(ReLU(), try g.input("x", [2, 3]))
    let places = try g.add(NonZero(outputType: .i64), rectified)
    let extents = try g.add(try ShapeOf(outputType: .i64), places)
    let count = try g.add(
      Gather(batchAxes: 0, wrapsNegatives: true), extents, try g.scalar(1, .i64), try g.scalar(0, .i64))
    let numbers = try g.add(RangeOperator(outputType: .f32), try g.scalar(0, .i64), count, try g.scalar(1, .i64))
    let even = try g.add(FloorMod(), numbers, try g.scalar(2))
    let kept = try g.add(NonZero(outputType: .i64), even)
    g.output(try g.add(Convert(to: .f32), kept), "kept")
    let (graph, inputs) = (g.graph, [x([1, 2, 0, 3, 4, 5])])
    #expect(try execute(graph, inputs)[0].doubles == [1, 3])
    #expect(try Interpreter(graph).run(inputs)[0].doubles == [1, 3])
  }

  /// A region's head runs in INT8 behind the cut.
  @Test func kernelsRunBehindTheCut() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 8, 6, 6]), reach: 1)
    let features = try g.signed(try g.int8Convolution(x, inputs: 8, outputs: 8), reach: 2)
    let scores = try g.input("scores", [1, 1, 4])
    let boxes = try g.constant([0, 0, 3, 3, 1, 1, 5, 5, 0, 2, 4, 5, 2, 0, 5, 4], [1, 4, 4])
    let sieve = try NonMaxSuppression(
      encoding: .corner, sortsAcrossImages: true, indexType: .i64, givesScores: false)
    let taken = Value(
      try g.addNode(
        sieve, [boxes, scores, try g.scalar(4, .i64), try g.scalar(0.9), try g.scalar(0.1)]))
    let indices = try g.add(
      Gather(batchAxes: 0, wrapsNegatives: true), taken, try g.scalar(2, .i64), try g.scalar(1, .i64))
    let own = try g.add(
      Gather(batchAxes: 0, wrapsNegatives: true), try g.reshape(boxes, [4, 4]), indices, try g.scalar(0, .i64))
    let images = try g.add(
      Gather(batchAxes: 0, wrapsNegatives: true), taken, try g.scalar(0, .i64), try g.scalar(1, .i64))
    let align = try ROIAlign(
      height: 4, width: 4, samplingRatio: 2, scale: 1, mode: .average, alignment: .halfPixel)
    let regions = try g.signed(try g.add(align, features, own, images), reach: 2)
    g.output(try g.int8Convolution(regions, inputs: 8, outputs: 8), "head")
    let graph = g.graph
    let image = graph.randomInputs(seed: 5)[0]
    for scores in [[0.9, 0.8, 0.7, 0.6], [0, 0, 0.5, 0], [0, 0, 0, 0]] {
      let inputs = [image, Tensor(.f32, [1, 1, 4], converting: scores)]
      let tolerance = Tolerance(rounding: 1e-4, step: 0.1, stepShare: 0.02)
      try expectExecutionMatchesMeaning(graph, tolerance: tolerance, inputs: inputs)
    }
    let model = try ModelCompiler().compile(graph)
    let layers = try model.plan(for: model.smallestInputShapes).layers
    #expect(layers.filter { $0.operatorName == "Convolution" }.map(\.precision) == ["int8", "int8"])
    #expect(layers.contains { $0.operatorName == "NonMaxSuppression" && $0.kernel == "reference" })
  }

  @Test func decisionsAreCounted() throws {
    let model = try ModelCompiler().compile(positives())
    let executor = Executor(model: model, team: WorkerTeam(threads: 1))
    for _ in 0..<3 { _ = try executor.run([x([1, 0, 2, 0, 0, 0])]) }
    let counted = Dictionary(grouping: model.counters.all, by: \.layer.operatorName)
    #expect(counted["NonZero"]?.map(\.executions) == [3])
    #expect(counted["GatherND"]?.map(\.executions) == [3])
  }

  /// What an operator cannot do with the values of a request is the request's fault, and ends neither model nor process.
  @Test func valuesThatNoOperatorTakesAreInputErrors() throws {
    let g = GraphBuilder()
    let count = try g.input("k", [], .i64)
    let top = try TopK(axis: 0, mode: .max, order: .value, indexType: .i64)
    g.output(Value(try g.addNode(top, [try g.input("x", [5]), count])), "top")
    let executor = Executor(model: try ModelCompiler().compile(g.graph), team: WorkerTeam(threads: 1))
    let x = Tensor(.f32, [5], converting: [3, 1, 4, 1, 5])
    func run(_ k: Int64) throws -> [Double] { try executor.run([Tensor(.i64, .scalar, elements: [k]), x])[0].doubles }
    #expect(try run(2) == [5, 4])
    #expect(throws: ModelError.input("layer 'TopK_2' (TopK): k of TopK: expected 0 to the extent 5, found 6")) {
      try run(6)
    }
    #expect(throws: ModelError.self) { try run(.min) }
    #expect(try run(5) == [5, 4, 3, 1, 1])
  }

  @Test func aShapeBeyondTheMachineIsRefusedBeforeItIsMade() throws {
    let g = GraphBuilder()
    let stop = try g.input("n", [], .i64)
    let range = RangeOperator(outputType: .f64)
    g.output(try g.add(range, try g.scalar(0, .i64), stop, try g.scalar(1, .i64)), "range")
    let executor = Executor(model: try ModelCompiler().compile(g.graph), team: WorkerTeam(threads: 1))
    #expect(try executor.run([Tensor(.i64, .scalar, elements: [Int64(3)])])[0].doubles == [0, 1, 2])
    for huge in [Int64(1 << 40), .max] {
      #expect(throws: ModelError.self) { try executor.run([Tensor(.i64, .scalar, elements: [huge])]) }
    }
  }

  @Test func aLimitHoldsForShapesThatValuesDecide() throws {
    let g = GraphBuilder()
    let eye = try Eye(outputType: .f32)
    g.output(try g.add(eye, g.input("rows", [], .i64), g.scalar(2, .i64), g.scalar(0, .i64)), "eye")
    let compiler = ModelCompiler(memoryLimit: MemoryLimit(byteCount: 1 << 16))
    let executor = Executor(model: try compiler.compile(g.graph), team: WorkerTeam(threads: 1))
    func rows(_ count: Int64) throws -> Int {
      try executor.run([Tensor(.i64, .scalar, elements: [count])])[0].shape[0]
    }
    #expect(try rows(4096) == 4096)
    let error = #expect(throws: ModelError.self) { try rows(4097) }
    #expect(error?.cause == .input && error?.description.contains("memory") == true)
  }

  @Test func verificationGoesOnBehindTheCut() throws {
    let report = try ModelVerifier().verify(positives(), [x([1, 0, 2, 0, 3, 0])], team: WorkerTeam(threads: 1))
    let layers = report.findings.map(\.layer.operatorName)
    #expect(layers.contains("ReLU") && layers.contains("Multiply"))
    #expect(report.findings.filter { !$0.isRight }.isEmpty)
    #expect(report.outputErrors.map(\.error) == [0, 0])
  }

  /// The number of elements found is no batch, though the first axis of everything is open.
  @Test func requestsAreNotJoinedByRowsThatValuesDecide() throws {
    let isJoined = try ModelCompiler().compile(positives([.dynamic, 3])).signature.isBatchable
    #expect(!isJoined)
    let g = GraphBuilder()
    g.output(try g.add(ReLU(), try g.input("x", [.dynamic, 3])))
    let followsRows = try ModelCompiler().compile(g.graph).signature.isBatchable
    #expect(followsRows)
    let flat = GraphBuilder()
    flat.output(try flat.reshape(try flat.input("x", [.dynamic, 3]), [-1]))
    let isFlatJoined = try ModelCompiler().compile(flat.graph).signature.isBatchable
    #expect(!isFlatJoined)
  }

  /// Threads bring different shapes and values at once; each gets the answer to its own.
  @Test func requestsOfDifferentShapesRunBesideEachOther() throws {
    let model = try ModelCompiler().compile(positives([.bounded(1...9), .dynamic]))
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      let executor = Executor(model: model, team: WorkerTeam(threads: 1))
      var random = SeededRandom(seed: UInt64(thread))
      for round in 0..<40 {
        let shape = Shape(valid: [1 + (thread + round) % 9, 1 + round % 5])
        let input = random.tensor(.f32, shape, in: -1...1)
        let found = try? executor.run([input])[0].doubles
        if found != input.doubles.filter({ $0 > 0 }).map({ $0 * 2 }) {
          failures.withLock { $0.append("\(shape): \(found ?? [])") }
        }
      }
    }
    #expect(failures.withLock { $0 } == [])
  }

  /// Plans of all shapes read the same packed weights.
  @Test func plansShareTheirWeights() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [.dynamic, 8, .dynamic, .dynamic]), reach: 1)
    g.output(try g.int8Convolution(x, inputs: 8, outputs: 16))
    let model = try ModelCompiler().compile(g.graph)
    let bytes = model.weightByteCount
    #expect(bytes > 0)
    for extent in 9..<60 { _ = try model.plan(for: [Shape(valid: [1 + extent % 3, 8, extent, extent])]) }
    #expect(model.weightByteCount == bytes)
  }
}
