import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct DecomposeFakeQuantizeTests {
  private func graph(
    low: [Double], high: [Double], shape: Shape, outputLow: [Double]? = nil, outputHigh: [Double]? = nil,
    levels: Int = 256, x: PartialShape = [1, 3, 2, 2]
  ) throws -> Graph {
    let g = GraphBuilder()
    let input = try g.input("x", x)
    g.output(
      try g.add(
        FakeQuantize(levels: levels), input, try g.constant(low, shape), try g.constant(high, shape),
        try g.constant(outputLow ?? low, shape), try g.constant(outputHigh ?? high, shape)))
    return g.graph
  }

  @Test func onePairOfRangesGivesOneScale() throws {
    try expectRewrite(
      of: try graph(low: [-1], high: [1.55], shape: .scalar), by: DecomposeFakeQuantize(),
      gives: """
        x: f32[1, 3, 2, 2]
        %1 = Quantize(x) -1.0…1.55 levels 256: u8[1, 3, 2, 2]
        %2 = Dequantize(%1) scale 0.01 zeroPoint 100.0: f32[1, 3, 2, 2]
        y = %2
        """, tolerance: 1e-6, inputs: -2...2)
  }

  @Test func outputRangesGiveTheScaleInputRangesTheSteps() throws {
    try expectRewrite(
      of: try graph(low: [0], high: [15], shape: .scalar, outputLow: [-3], outputHigh: [27], levels: 16),
      by: DecomposeFakeQuantize(),
      gives: """
        x: f32[1, 3, 2, 2]
        %1 = Quantize(x) 0.0…15.0 levels 16: u8[1, 3, 2, 2]
        %2 = Dequantize(%1) scale 2.0 zeroPoint 1.5: f32[1, 3, 2, 2]
        y = %2
        """, tolerance: 1e-6, inputs: -1...17)
  }

  @Test func rangesPerChannelGiveScalesPerChannel() throws {
    try expectRewrite(
      of: try graph(low: [-100, -200, -50], high: [155, 310, 77.5], shape: [1, 3, 1, 1]), by: DecomposeFakeQuantize(),
      gives: """
        x: f32[1, 3, 2, 2]
        %1 = Quantize(x) -100.0…155.0 levels 256 per channel: u8[1, 3, 2, 2]
        %2 = Dequantize(%1) scale 1.0…×3 zeroPoint 100.0…×3 axes 1..<2: f32[1, 3, 2, 2]
        y = %2
        """, tolerance: 1e-6, inputs: -300...400)
  }

  /// A channel that calibration saw nothing in gives 0 whatever comes.
  @Test func deadChannelsBecomeZeroScales() throws {
    let dead = try graph(low: [0, 0, -1], high: [1, 0, 1], shape: [1, 3, 1, 1])
    var rewritten = dead
    try PassPipeline("test", [Stage("rules", [DecomposeFakeQuantize()])]).run(on: &rewritten)
    let dequantize = rewritten.producer(of: rewritten.outputs[0].value).op as? Dequantize
    #expect(dequantize?.dequantization.scales[1] == 0)
    try expectSameMeaning(dead, rewritten, tolerance: 1e-6, inputs: -2...2)
  }

  @Test func rangesThatIntegersCannotStandForStay() throws {
    let unchanged = [
      ("per position", try graph(low: [0, 0], high: [1, 2], shape: [1, 1, 1, 2])),
      (
        "per channel and position",
        try graph(low: .init(repeating: 0, count: 6), high: .init(repeating: 1, count: 6), shape: [1, 3, 1, 2])
      ),
      ("reversed input", try graph(low: [1], high: [0], shape: .scalar, outputLow: [0], outputHigh: [1])),
      ("one output", try graph(low: [0], high: [1], shape: .scalar, outputLow: [1], outputHigh: [1])),
      ("empty", try graph(low: [1], high: [1], shape: .scalar, outputLow: [0], outputHigh: [1])),
      ("all dead", try graph(low: [0], high: [0], shape: .scalar)),
      ("257 levels", try graph(low: [0], high: [1], shape: .scalar, levels: 257)),
      ("65536 levels", try graph(low: [0], high: [1], shape: .scalar, levels: 65536)),
      ("batch", try graph(low: [0, 0], high: [1, 2], shape: [2, 1, 1, 1], x: [2, 3, 2, 2])),
    ]
    for (_, graph) in unchanged { expectUnchanged(graph, by: DecomposeFakeQuantize()) }
  }

  @Test func aReversedOutputRangeIsANegativeScale() throws {
    let reversed = try graph(low: [0], high: [1], shape: .scalar, outputLow: [1], outputHigh: [-0.5])
    var rewritten = reversed
    try PassPipeline("test", [Stage("rules", [DecomposeFakeQuantize()])]).run(on: &rewritten)
    #expect(rewritten.dump.contains("scale -0.005882353"))
    try expectSameMeaning(reversed, rewritten, tolerance: 1e-7)
  }

  @Test func rangesThatAreComputedStay() throws {
    let g = GraphBuilder()
    let (x, high) = (try g.input("x", [1, 3, 2, 2]), try g.input("high", []))
    let low = try g.scalar(0)
    g.output(try g.add(FakeQuantize(levels: 256), x, low, high, low, high))
    expectUnchanged(g.graph, by: DecomposeFakeQuantize())
  }

  @Test func otherFloatTypesStay() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2], .f16)
    let (low, high) = (try g.scalar(0, .f16), try g.scalar(1, .f16))
    g.output(try g.add(FakeQuantize(levels: 256), x, low, high, low, high))
    expectUnchanged(g.graph, by: DecomposeFakeQuantize())
  }
}

@Suite struct SpellOutFakeQuantizeTests {
  private func graph(
    _ levels: Int, _ shape: Shape, low: ClosedRange<Double> = -1...(-0.5), high: ClosedRange<Double> = 0.5...1
  ) throws -> Graph {
    let g = GraphBuilder()
    let bounds = [
      try g.randomConstant(shape, in: low), try g.randomConstant(shape, in: high),
      try g.randomConstant(.scalar, in: -2...0), try g.randomConstant(shape, in: 1...2),
    ]
    g.output(Value(try g.addNode(FakeQuantize(levels: levels), [try g.input("x", [2, 3, 4, 4])] + bounds)))
    return g.graph
  }

  @Test func moreLevelsThanAByteHasAreSteps() throws {
    let g = GraphBuilder()
    g.output(try g.fakeQuantize(try g.input("x", [2, 3, 4, 4]), -0.5, 1.5, levels: 4097))
    try expectRewrite(
      of: g.graph, by: DecomposeFakeQuantize(), SpellOutFakeQuantize(),
      gives: """
        x: f32[2, 3, 4, 4]
        %1 = Clamp(x) -0.5…1.5: f32[2, 3, 4, 4]
        %2 = Subtract(%1, -0.5): f32[2, 3, 4, 4]
        %3 = Multiply(%2, 2048.0): f32[2, 3, 4, 4]
        %4 = Round(%3) half_to_even: f32[2, 3, 4, 4]
        %5 = Multiply(%4, 0.00048828125): f32[2, 3, 4, 4]
        %6 = Add(%5, -0.5): f32[2, 3, 4, 4]
        y = %6
        """, tolerance: 1e-3, inputs: -2...2)
  }

  @Test(arguments: [[1, 1, 4, 1], [2, 3, 4, 4], [2, 1, 1, 1], [4]])
  func rangesPerPosition(_ extents: [Int]) throws {
    let positions = try graph(256, Shape(valid: extents))
    expectUnchanged(positions, by: DecomposeFakeQuantize())
    var rewritten = positions
    try PassPipeline("test", [Stage("rules", [SpellOutFakeQuantize()])]).run(on: &rewritten)
    #expect(!rewritten.dump.contains("FakeQuantize"))
    // Where f32 rounds a tie to the other side a value is a step away.
    try expectSameMeaning(positions, rewritten, tolerance: 1e-2, inputs: -2...2)
  }

  @Test func rangesThatAreEmptyOrTurnedAroundKeepTheDefinition() throws {
    expectUnchanged(try graph(4096, .scalar, low: 0.5...1, high: -1...(-0.5)), by: SpellOutFakeQuantize())
    expectUnchanged(try graph(4096, .scalar, low: 0.5...0.5, high: 0.5...0.5), by: SpellOutFakeQuantize())
    let g = GraphBuilder()
    let x = try g.input("x", [4]), bound = try g.input("bound", [])
    g.output(try g.add(FakeQuantize(levels: 300), x, try g.scalar(-1), bound, try g.scalar(-1), bound))
    expectUnchanged(g.graph, by: SpellOutFakeQuantize())
  }
}
