import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct KeepUnaryOnGridTests {
  private func graph(_ function: any Operator, _ dequantization: Dequantization) throws -> GraphBuilder {
    let g = GraphBuilder()
    g.output(try g.add(function, try g.add(Dequantize(dequantization), try g.input("x", [1, 2, 3, 3], .u8))))
    return g
  }

  private let grid = Dequantization(scale: 0.25, zeroPoint: 100)

  @Test func reLUKeepsToAGridThatHasZero() throws {
    try expectRewrite(
      of: try graph(ReLU(), grid).graph, by: KeepUnaryOnGrid(),
      gives: """
        x: u8[1, 2, 3, 3]
        %1 = LookupTable(x): u8[1, 2, 3, 3]
        %2 = Dequantize(%1) scale 0.25 zeroPoint 100.0: f32[1, 2, 3, 3]
        y = %2
        """, inputs: 0...255)
  }

  @Test func clampDoesWhereItsBoundsAreSteps() throws {
    let onGrid = try graph(Clamp(minimum: -0.5, maximum: 6), grid).graph
    var rewritten = onGrid
    try PassPipeline("test", [Stage("rules", [KeepUnaryOnGrid()])]).run(on: &rewritten)
    #expect(rewritten.dump.contains("LookupTable"))
    try expectSameMeaning(onGrid, rewritten, inputs: 0...255)
    expectUnchanged(try graph(Clamp(minimum: -0.6, maximum: 6), grid).graph, by: KeepUnaryOnGrid())
  }

  @Test func whatLeavesTheGridStays() throws {
    expectUnchanged(try graph(Sigmoid(), grid).graph, by: KeepUnaryOnGrid())
    // −(0 − 100) is 200 steps above zero, but −(255 − 100) lies below all.
    expectUnchanged(try graph(Negative(), grid).graph, by: KeepUnaryOnGrid())
    expectUnchanged(
      try graph(ReLU(), Dequantization(scale: 0.25, zeroPoint: 99.5)).graph, by: KeepUnaryOnGrid())
    let channels = Dequantization(scales: [1, 2], zeroPoints: [3, 4])
    expectUnchanged(try graph(ReLU(), channels).graph, by: KeepUnaryOnGrid())
  }

  @Test func aQuantizerBehindItMakesOneTableOfBoth() throws {
    let g = GraphBuilder()
    let x = try g.add(Dequantize(grid), try g.input("x", [1, 2, 3, 3], .u8))
    g.output(try g.add(Quantize(inputLow: [0], inputHigh: [1], levels: 256), try g.add(ReLU(), x)))
    expectUnchanged(g.graph, by: KeepUnaryOnGrid())
  }
}

@Suite struct FoldAffineIntoDequantizationTests {
  private let grid = Dequantization(scale: 0.25, zeroPoint: 100)

  private func dequantized(_ g: GraphBuilder) throws -> Value {
    try g.add(Dequantize(grid), try g.input("x", [1, 2, 3, 3], .u8))
  }

  @Test func aNormalizationBecomesScalesOfChannels() throws {
    let g = GraphBuilder()
    let scaled = try g.add(Multiply(), try dequantized(g), try g.constant([2, -4], [1, 2, 1, 1]))
    g.output(try g.add(Add(), try g.constant([1, 8], [1, 2, 1, 1]), scaled))
    try expectRewrite(
      of: g.graph, by: FoldAffineIntoDequantization(),
      gives: """
        x: u8[1, 2, 3, 3]
        %1 = Dequantize(x) scale 0.5…×2 zeroPoint 98.0…×2 axes 1..<2: f32[1, 2, 3, 3]
        y = %1
        """, inputs: 0...255)
  }

  @Test func quotientsAndDifferencesDoTheSame() throws {
    let g = GraphBuilder()
    let shifted = try g.add(Subtract(), try dequantized(g), try g.scalar(5))
    g.output(try g.add(Divide(), shifted, try g.scalar(-2)))
    try expectRewrite(
      of: g.graph, by: FoldAffineIntoDequantization(),
      gives: """
        x: u8[1, 2, 3, 3]
        %1 = Dequantize(x) scale -0.125 zeroPoint 120.0: f32[1, 2, 3, 3]
        y = %1
        """, inputs: 0...255)
  }

  @Test func whatNoDequantizationSaysStays() throws {
    func unchanged(_ make: (GraphBuilder, Value) throws -> Value) throws {
      let g = GraphBuilder()
      g.output(try make(g, try dequantized(g)))
      expectUnchanged(g.graph, by: FoldAffineIntoDequantization())
    }
    try unchanged { g, x in try g.add(Multiply(), x, try g.constant([1, 0], [1, 2, 1, 1])) }
    try unchanged { g, x in try g.add(Subtract(), try g.scalar(5), x) }
    try unchanged { g, x in try g.add(Divide(), try g.scalar(5), x) }
    try unchanged { g, x in try g.add(Divide(), x, try g.scalar(0)) }
    try unchanged { g, x in try g.add(Add(), x, try g.constant([1, 2, 3], [1, 1, 1, 3])) }
    try unchanged { g, x in try g.add(Add(), x, try g.constant([1, 2], [2, 1, 1, 1])) }
    try unchanged { g, x in try g.add(Maximum(), x, try g.scalar(5)) }
    try unchanged { g, x in try g.add(Add(), x, x) }
  }

  @Test func scalesAlongAnotherAxisStay() throws {
    let g = GraphBuilder()
    let along = Dequantization(scales: [1, 2, 3], zeroPoints: [0, 0, 0], axes: 2..<3)
    let x = try g.add(Dequantize(along), try g.input("x", [1, 2, 3, 3], .u8))
    g.output(try g.add(Multiply(), x, try g.constant([2, 4], [1, 2, 1, 1])))
    expectUnchanged(g.graph, by: FoldAffineIntoDequantization())
  }
}

@Suite struct MoveConcatAfterTests {
  private func parts(_ g: GraphBuilder) throws -> [Value] {
    [try g.input("a", [1, 1, 2, 2]), try g.input("b", [1, 2, 2, 2])]
  }

  @Test func functionsOfOneElementMeetEveryPart() throws {
    let g = GraphBuilder()
    g.output(try g.add(ReLU(), try g.concat(try parts(g))))
    try expectRewrite(
      of: g.graph, by: MoveConcatAfter(),
      gives: """
        a: f32[1, 1, 2, 2]
        b: f32[1, 2, 2, 2]
        %1 = ReLU(a): f32[1, 1, 2, 2]
        %2 = ReLU(b): f32[1, 2, 2, 2]
        %3 = Concat(%1, %2) axis 1: f32[1, 3, 2, 2]
        y = %3
        """)
  }

  @Test func quantizersTakeTheirChannels() throws {
    let g = GraphBuilder()
    let quantize = Quantize(inputLow: [0, -1, -2], inputHigh: [1, 1, 2], levels: 256)
    g.output(try g.add(quantize, try g.concat(try parts(g))))
    try expectRewrite(
      of: g.graph, by: MoveConcatAfter(),
      gives: """
        a: f32[1, 1, 2, 2]
        b: f32[1, 2, 2, 2]
        %1 = Quantize(a) 0.0…1.0 levels 256: u8[1, 1, 2, 2]
        %2 = Quantize(b) -1.0…1.0 levels 256 per channel: u8[1, 2, 2, 2]
        %3 = Concat(%1, %2) axis 1: u8[1, 3, 2, 2]
        y = %3
        """)
  }

  @Test func concatenationsThatAreReadTwiceStay() throws {
    let g = GraphBuilder()
    let joined = try g.concat(try parts(g))
    g.output(try g.add(ReLU(), joined), "positive")
    g.output(try g.add(Sigmoid(), joined), "other")
    expectUnchanged(g.graph, by: MoveConcatAfter())
  }

  @Test func functionsOfTwoOperandsStay() throws {
    let g = GraphBuilder()
    g.output(try g.add(Add(), try g.concat(try parts(g)), try g.randomConstant([1, 3, 1, 1])))
    expectUnchanged(g.graph, by: MoveConcatAfter())
  }
}

@Suite struct PadIntegersTests {
  private func graph(
    _ dequantization: Dequantization, begin: [Int], end: [Int], value: Double
  ) throws -> Graph {
    let g = GraphBuilder()
    let x = try g.add(Dequantize(dequantization), try g.input("x", [1, 2, 3, 3], .u8))
    g.output(try g.add(Pad(mode: .constant), x, try g.integers(begin), try g.integers(end), try g.scalar(value)))
    return g.graph
  }

  private let grid = Dequantization(scale: 0.25, zeroPoint: 100)
  private let channels = Dequantization(scales: [1, 2], zeroPoints: [3, 4])

  @Test func aBorderOfZeroIsTheZeroPoint() throws {
    try expectRewrite(
      of: try graph(grid, begin: [0, 0, 1, 0], end: [0, 0, 0, 2], value: 0), by: PadIntegers(),
      gives: """
        x: u8[1, 2, 3, 3]
        %1 = Pad(x, i64[4], i64[4], 100) constant: u8[1, 2, 4, 5]
        %2 = Dequantize(%1) scale 0.25 zeroPoint 100.0: f32[1, 2, 4, 5]
        y = %2
        """, inputs: 0...255)
  }

  @Test func newChannelsMayHaveTheirOwnScale() throws {
    for (dequantization, value) in [(channels, 0.0), (channels, 0.3), (grid, 0.3)] {
      let padded = try graph(dequantization, begin: [0, 1, 0, 0], end: [0, 2, 0, 0], value: value)
      var rewritten = padded
      try PassPipeline("test", [Stage("rules", [PadIntegers()])]).run(on: &rewritten)
      #expect(rewritten.producer(of: rewritten.outputs[0].value).op is Dequantize)
      try expectSameMeaning(padded, rewritten, inputs: 0...255)
    }
  }

  @Test func aBorderBetweenTwoStepsStays() throws {
    expectUnchanged(try graph(grid, begin: [0, 0, 1, 0], end: [0, 0, 0, 2], value: 0.3), by: PadIntegers())
    expectUnchanged(try graph(channels, begin: [0, 0, 1, 0], end: [0, 0, 0, 0], value: 0), by: PadIntegers())
    let fractional = Dequantization(scale: 1, zeroPoint: 0.5)
    expectUnchanged(try graph(fractional, begin: [0, 0, 1, 0], end: [0, 0, 0, 0], value: 0), by: PadIntegers())
  }
}
