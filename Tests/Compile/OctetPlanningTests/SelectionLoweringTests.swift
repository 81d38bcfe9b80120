import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Reductions, gathered slices and the best of an axis: kernels against the meaning.
@Suite struct SelectionLoweringTests {
  private func kernels(_ graph: Graph) throws -> [String] { try ModelCompiler().layers(of: graph).map(\.kernel) }

  /// Expects the same bytes as from the meaning, and a kernel that is no reference.
  private func expectSame(
    _ g: GraphBuilder, _ inputs: [Tensor], _ location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(try !kernels(g.graph).contains("reference"), sourceLocation: location)
    let expected = try Interpreter(g.graph).run(inputs)
    for threads in [1, 2] {
      let found = try execute(g.graph, inputs, threads: threads)
      #expect(found.map(\.type) == expected.map(\.type), sourceLocation: location)
      #expect(found.map(\.bytes) == expected.map(\.bytes), "\(threads) threads", sourceLocation: location)
    }
  }

  // MARK: - Reductions

  static let reductions: [any Reduction] = [
    ReduceSum(keepsAxes: true), ReduceMean(keepsAxes: false), ReduceMax(keepsAxes: false), ReduceMin(keepsAxes: true),
    ReduceProd(keepsAxes: false),
  ]

  @Test(arguments: reductions.indices, [[0], [1], [3], [0, 1], [2, 3], [1, 2, 3], [-1, 0, 1, 2], []])
  func reductionsOfNeighbours(_ reduction: Int, _ axes: [Int]) throws {
    let g = GraphBuilder()
    let x = try g.input("x", [3, 5, 2, 17])
    g.output(try g.add(Self.reductions[reduction], x, g.integers(axes)))
    #expect(try !kernels(g.graph).contains("reference"))
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func axesOfOneElementLieBetweenNeighbours() throws {
    let g = GraphBuilder()
    g.output(try g.add(ReduceSum(keepsAxes: false), g.input("x", [3, 4, 1, 6]), g.integers([1, 3])))
    #expect(try !kernels(g.graph).contains("reference"))
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func axesThatAreNoNeighboursAreReduced() throws {
    let g = GraphBuilder()
    g.output(try g.add(ReduceMax(keepsAxes: false), g.input("x", [3, 4, 5, 6]), g.integers([0, 2])))
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test(
    arguments: [
      ReduceMax(keepsAxes: false), ReduceMax(keepsAxes: true), ReduceMean(keepsAxes: true), ReduceSum(keepsAxes: false),
    ]
      as [any Reduction], [[1], [2, 3], [3], [1, 2, 3], [0, 1]])
  func bytesAreReduced(_ reduction: any Reduction, _ axes: [Int]) throws {
    for isChannelsLast in [false, true] {
      let g = GraphBuilder()
      var x = try g.fakeQuantize(try g.input("x", [2, 7, 4, 5]), -0.7, 1.3)
      if isChannelsLast { x = try g.fakeQuantize(try g.int8Convolution(x, inputs: 7, outputs: 7), -0.7, 1.3) }
      g.output(try g.add(reduction, x, try g.integers(axes)))
      let layers = try ModelCompiler().layers(of: g.graph)
      #expect(!layers.contains { $0.kernel == "reference" }, "\(layers.map(\.kernel))")
      try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(step: isChannelsLast ? 0.1 : 0))
    }
  }

  // MARK: - Slices

  @Test(arguments: [ElementType.i32, .i64], [0, 1, 2])
  func slicesAreGatheredByIndicesOfARequest(_ type: ElementType, _ axis: Int) throws {
    let g = GraphBuilder()
    let table = try g.randomConstant([4, 5, 3])
    let indices = try g.input("indices", [2, 3], type)
    let axis = try g.constant(Tensor(.i64, .scalar, elements: [Int64(axis)]))
    g.output(try g.add(Gather(batchAxes: 0, wrapsNegatives: true), table, indices, axis))
    // The last two point outside.
    try expectSame(g, [Tensor(type, [2, 3], converting: [0, 2, -1, 1, 9, -9])])
  }

  @Test func batchesAreGatheredFromTheirOwnRows() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3, 4, 5], .u8)
    let indices = try g.input("indices", [2, 7], .i64)
    let axis = try g.constant(Tensor(.i64, .scalar, elements: [Int64(2)]))
    g.output(try g.add(Gather(batchAxes: 1, wrapsNegatives: false), x, indices, axis))
    var random = SeededRandom(seed: 4)
    let wanted: [Double] = [0, 3, 1, 1, -1, 2, 4, 3, 2, 1, 0, 0, 3, 2]
    try expectSame(
      g, [random.tensor(.u8, [2, 3, 4, 5], in: 0...255), Tensor(.i64, [2, 7], converting: wanted)])
  }

  @Test func indicesOfAnyWidthPointOutside() throws {
    let g = GraphBuilder()
    let axis = try g.constant(Tensor(.i64, .scalar, elements: [Int64(0)]))
    g.output(
      try g.add(
        Gather(batchAxes: 0, wrapsNegatives: true), g.input("x", [3]), g.input("indices", [4], .i64), axis))
    let wild = Tensor(.i64, [4], elements: [Int64.max, .min, -1, 1])
    let found = try execute(g.graph, [Tensor(.f32, [3], elements: [Float(1), 2, 3]), wild])
    #expect(found[0].elements(as: Float.self) == [0, 0, 3, 2])
  }

  @Test func largeSlicesAreSharedByThreads() throws {
    let g = GraphBuilder()
    let axis = try g.constant(Tensor(.i64, .scalar, elements: [Int64(0)]))
    g.output(
      try g.add(
        Gather(batchAxes: 0, wrapsNegatives: true), g.randomConstant([50, 1000]), g.input("indices", [301], .i64),
        axis))
    try expectSame(g, [Tensor(.i64, [301], converting: (0..<301).map { Double($0 * 7 % 50) })])
  }

  // MARK: - The best

  @Test(arguments: [TopK.Order.value, .index, .unsorted], [(0, 3), (1, 1), (1, 40), (2, 2), (2, 7)])
  func theBestOfAnAxis(_ order: TopK.Order, _ place: (axis: Int, count: Int)) throws {
    for (mode, type) in [(TopK.Mode.max, ElementType.i32), (.min, .i64)] {
      let g = GraphBuilder()
      let k = try g.constant(Tensor(.i64, .scalar, elements: [Int64(place.count)]))
      let operation = try TopK(axis: place.axis, mode: mode, order: order, indexType: type)
      let best = try g.addNode(operation, [g.input("x", [3, 40, 7]), k])
      g.output(Value(best, 0))
      g.output(Value(best, 1), "indices")
      var random = SeededRandom(seed: 11)
      // Few different values: equal ones keep their order, and NaN is never among the first.
      let values = (0..<840).map { _ in
        [Double.nan, -.infinity, .infinity, 0, 1, 2, 3, 4].randomElement(using: &random) ?? 0
      }
      try expectSame(g, [Tensor(.f32, [3, 40, 7], converting: values)])
      try expectSame(g, [random.tensor(.f32, [3, 40, 7])])
    }
  }
}
