import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Operators that move elements, against their meaning, on every instruction set, with one thread and two.
@Suite struct MovementLoweringTests {
  /// An operator on [2, 6, 4, 8], and its other operands.
  struct Case: CustomTestStringConvertible, Sendable {
    var op: any Operator
    var others: [[Int]]
    var testDescription: String { "\(op.name) \(op.attributes) \(others)" }

    init(_ op: any Operator, _ others: [Int]...) {
      self.op = op
      self.others = others
    }

    func results(in g: GraphBuilder, _ x: Value) throws -> [Value] {
      let scalars = op is Split || op is VariadicSplit || op is Gather
      let others = try others.map { values in
        scalars && values.count == 1 ? try g.scalar(Double(values[0]), .i64) : try g.integers(values)
      }
      let node = try g.addNode(op, [x] + others)
      return g.graph.node(node).types.indices.map { Value(node, $0) }
    }
  }

  static let cases: [Case] = {
    let all = [0, 0, 0, 0]
    let made: [Case?] = [
      try? Case(Split(count: 3), [1]), try? Case(Split(count: 2), [-1]), Case(VariadicSplit(), [1], [1, -1, 3]),
      Case(Slice(), [1, -3], [5, 100], [2, 1], [1, 3]), Case(Slice(), [-1], [-100], [-1], [2]),
      try? Case(StridedSlice(beginMask: all, endMask: all), [0, 1, 0, 2], [2, 6, 4, 8], [1, 3, 2, 2]),
      try? Case(
        StridedSlice(beginMask: all, endMask: [1, 1, 1, 1], shrinkAxisMask: [0, 0, 1, 0]), [0, 2, 1, 0], all,
        [1, 1, 1, 1]),
      Case(Tile(), [1, 2, 1, 3]), Case(Tile(), [2, 1, 1, 1, 1]), Case(Broadcast(mode: .numPy), [3, 2, 6, 4, 8]),
      Case(Gather(batchAxes: 0, wrapsNegatives: true), [5, 3, 1], [1]),
      Case(Gather(batchAxes: 0, wrapsNegatives: true), [-1], [2]), Case(Reverse(mode: .index), [1, 3]),
      try? Case(ShuffleChannels(axis: 1, groups: 3)), try? Case(SpaceToDepth(blockSize: 2, mode: .blocksFirst)),
      try? Case(SpaceToDepth(blockSize: 4, mode: .depthFirst)),
      Case(BatchToSpace(), [1, 1, 2, 1], [0, 0, 2, 0], [0, 0, 0, 0]),
      Case(Roll(), [2, -3], [1, 3]), Case(Roll(), [1], [2]), Case(Roll(), [-9, 3, 1], [0, 2, 2]),
    ]
    return made.compactMap(\.self)
  }()

  @Test func everyCaseIsMade() { #expect(Self.cases.count == 20) }

  private func expectMoves(_ g: GraphBuilder) throws {
    let kernels = try ModelCompiler().layers(of: g.graph).map(\.kernel)
    #expect(!kernels.contains("reference"), "\(kernels)")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(rounding: 0))
  }

  @Test(arguments: cases)
  func elementsAreMovedByAKernel(_ test: Case) throws {
    let g = GraphBuilder()
    for (index, result) in try test.results(in: g, try g.input("x", [2, 6, 4, 8])).enumerated() {
      g.output(result, "y\(index)")
    }
    try expectMoves(g)
  }

  /// With planar memory and with channels last, one axis and all of them, cut and extended.
  @Test(
    arguments: Pad.Mode.allCases,
    [
      ([0, 0, 1, 2], [0, 0, 3, 1]), ([0, 0, 0, 4], [0, 0, 0, 0]), ([0, 2, 0, 0], [0, 1, 0, 0]),
      ([1, 1, 1, 1], [1, 3, 2, 5]),
      ([0, -1, 1, -2], [-1, 2, -1, 0]), ([0, 0, 0, 0], [0, 0, 0, 0]),
    ])
  func bordersAreCopied(_ mode: Pad.Mode, _ widths: ([Int], [Int])) throws {
    // Mirrors reach no further than the axis.
    if mode == .reflect, widths.0[0] > 0 { return }
    for isChannelsLast in [false, true] {
      let g = GraphBuilder()
      var x = try g.input("x", [2, 6, 4, 8])
      if isChannelsLast { x = try g.convolution(x, try g.randomConstant([6, 6, 1, 1])) }
      let border = mode == .constant ? [try g.scalar(0.375)] : []
      let padded = try g.addNode(
        Pad(mode: mode), [x, try g.integers(widths.0), try g.integers(widths.1)] + border)
      g.output(try g.add(Sigmoid(), Value(padded)))
      let kernels = try ModelCompiler().layers(of: g.graph).map(\.kernel)
      #expect(!kernels.contains("reference"), "\(kernels)")
      try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: !isChannelsLast)
    }
  }

  @Test(arguments: Pad.Mode.allCases)
  func bytesGetBordersToo(_ mode: Pad.Mode) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 6, 4, 8]), -1, 1.55)
    let padded = try g.add(Pad(mode: mode), x, try g.integers([0, 0, 1, 2]), try g.integers([0, 0, 2, 0]))
    g.output(try g.int8Convolution(padded, inputs: 6, outputs: 5))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(!layers.contains { $0.kernel == "reference" }, "\(layers.map(\.kernel))")
    #expect(layers.filter { $0.macs > 0 }.map(\.precision) == ["int8"])
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(step: 0.1))
  }

  @Test(arguments: [ElementType.u8, .f16, .i64])
  func elementsOfEverySizeAreMoved(_ elementType: ElementType) throws {
    let g = GraphBuilder()
    let x = try g.add(Convert(to: elementType), try g.add(Clamp(minimum: 0, maximum: 9), try g.input("x", [2, 6, 4])))
    g.output(try g.add(Slice(), x, g.integers([1]), g.integers([6]), g.integers([2]), g.integers([1])))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.contains { $0.operatorName == Slice.name && $0.kernel != "reference" })
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(rounding: 0))
  }

  @Test(arguments: [Case(Slice(), [1], [5], [1], [1]), Case(VariadicSplit(), [1], [4, 2])])
  func channelsStayLastBetweenConvolutions(_ test: Case) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 6, 4, 8]), reach: 1)
    let before = try g.signed(try g.int8Convolution(x, inputs: 6, outputs: 6), reach: 1)
    let part = try test.results(in: g, before)[0]
    g.output(try g.int8Convolution(part, inputs: 4, outputs: 5))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.count { $0.operatorName == "Reorder" } == 1, "only the result changes its layout")
    #expect(!layers.contains { $0.kernel == "reference" })
    #expect(!layers.contains { $0.operatorName == test.op.name }, "channels are read where they stand")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(step: 0.1))
  }

  /// What a shuffle of channels between convolutions costs: one step, and one copy of what a concatenation takes over.
  @Test func channelsAreShuffledAndSplitInOneStep() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 6, 4, 8]), 0, 4)
    let a = try g.fakeQuantize(try g.int8Convolution(x, inputs: 6, outputs: 34), 0, 4)
    let dealt = try g.transpose(try g.reshape(a, [2, 2, 17, 4, 8]), [0, 2, 1, 3, 4])
    let parts = try g.addNode(
      Split(count: 2), [try g.reshape(dealt, [2, 34, 4, 8]), try g.scalar(1, .i64)])
    let b = try g.fakeQuantize(try g.int8Convolution(Value(parts, 1), inputs: 17, outputs: 17), 0, 4)
    g.output(try g.int8Convolution(try g.concat([Value(parts, 0), b]), inputs: 34, outputs: 5))
    let layers = try ModelCompiler().layers(of: g.graph).filter { $0.kernel.hasPrefix("reorder") }
    #expect(layers.map(\.operatorName) == [Reshape.name, "Reorder", "Reorder"], "\(layers.map(\.name))")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(step: 0.1))
  }

  /// Every order of axes, and shapes that cut them, from both layouts.
  @Test(arguments: [[6, 32], [3, 2, 32], [2, 3, 4, 8], [6, 4, 8], [6, 2, 16], [48, 4], [192]], [true, false])
  func rearrangementsInARowAreRight(_ shape: [Int], _ areChannelsLast: Bool) throws {
    for order in [[0, 1, 2, 3], [0, 2, 3, 1], [0, 3, 1, 2], [3, 1, 2, 0], [0, 2, 1, 3], [2, 3, 0, 1]] {
      let g = GraphBuilder()
      var x = try g.input("x", [2, 6, 4, 8])
      if areChannelsLast {
        x = try g.int8Convolution(try g.signed(x, reach: 1), inputs: 6, outputs: 6)
      }
      let reshaped = try g.reshape(try g.transpose(x, order), [-1] + shape)
      let reversed = Array((1...shape.count).reversed()) + [0]
      g.output(try g.add(Sigmoid(), try g.transpose(reshaped, reversed)))
      let layers = try ModelCompiler().layers(of: g.graph)
      #expect(!layers.contains { $0.kernel == "reference" }, "\(order): \(layers.map(\.name))")
      try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(step: 0.1))
    }
  }

  /// Numbers that follow no strides have no kernel, and still the right result.
  @Test func irregularPicksAreRight() throws {
    let g = GraphBuilder()
    let indices = try g.integers([0, 5, 1, 1, 3])
    let picked = try g.add(
      Gather(batchAxes: 0, wrapsNegatives: true), try g.input("x", [2, 6, 4]), indices, g.scalar(1, .i64))
    g.output(picked)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(rounding: 0))
  }

  @Test(arguments: [0, 1, 3])
  func logarithmsOfSoftmaxAlongAnyAxis(_ axis: Int) throws {
    let g = GraphBuilder()
    g.output(try g.add(LogSoftmax(axis: axis), try g.input("x", [2, 5, 3, 6])))
    #expect(try !ModelCompiler().layers(of: g.graph).map(\.kernel).contains("reference"))
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }
}
