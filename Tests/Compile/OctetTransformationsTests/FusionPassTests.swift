import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct ChainRearrangementsTests {
  @Test func aShuffleOfChannelsIsOneNode() throws {
    let g = GraphBuilder()
    let groups = try g.reshape(try g.input("x", [1, 6, 4]), [1, 2, 3, 4])
    g.output(try g.reshape(try g.transpose(groups, [0, 2, 1, 3]), [1, 6, 4]))
    try expectRewrite(
      of: g.graph, by: ChainRearrangements(),
      gives: """
        x: f32[1, 6, 4]
        %1 = Fused(x, i64[4], i64[4], i64[3]) Reshape → Transpose → Reshape: f32[1, 6, 4]
        y = %1
        """)
  }

  @Test func whatOthersReadIsMade() throws {
    let g = GraphBuilder()
    let groups = try g.reshape(try g.input("x", [1, 6, 4]), [1, 2, 3, 4])
    g.output(try g.transpose(groups, [0, 2, 1, 3]), "dealt")
    g.output(try g.add(Negative(), groups), "negative")
    expectUnchanged(g.graph, by: ChainRearrangements())
  }

  @Test func whatFollowsNoStridesIsMadeInTwoSteps() throws {
    let g = GraphBuilder()
    g.output(try g.reshape(try g.transpose(try g.input("x", [6, 4]), [1, 0]), [3, 8]))
    expectUnchanged(g.graph, by: ChainRearrangements())
  }

  @Test func otherOperatorsStandBetween() throws {
    let g = GraphBuilder()
    let negative = try g.add(Negative(), try g.transpose(try g.input("x", [6, 4]), [1, 0]))
    g.output(try g.transpose(negative, [1, 0]))
    expectUnchanged(g.graph, by: ChainRearrangements())
  }
}

@Suite struct AbsorbDequantizationTests {
  private let grid = Dequantization(scale: 0.5, zeroPoint: 3)

  @Test func sumsReadIntegers() throws {
    let g = GraphBuilder()
    let x = try g.add(Dequantize(grid), try g.input("x", [1, 2, 4, 4], .u8))
    g.output(try g.add(Add(), x, try g.input("f", [1, 2, 4, 4])))
    try expectRewrite(
      of: g.graph, by: AbsorbDequantization(),
      gives: """
        x: u8[1, 2, 4, 4]
        f: f32[1, 2, 4, 4]
        %1 = Add(x, f) left scale 0.5 zeroPoint 3.0: f32[1, 2, 4, 4]
        y = %1
        """, inputs: 0...255)
  }

  @Test func othersReadFloats() throws {
    let g = GraphBuilder()
    let x = try g.add(Dequantize(grid), try g.input("x", [1, 2, 4, 4], .u8))
    g.output(try g.add(SoftMax(axis: 1), x), "softmax")
    let weights = try g.add(Dequantize(grid), try g.randomConstant([1, 2, 4, 4], in: 0...255, .u8))
    g.output(try g.add(Add(), try g.input("f", [1, 2, 4, 4]), weights), "constant")
    expectUnchanged(g.graph, by: AbsorbDequantization())
  }
}

@Suite struct FuseOperationsTests {
  private func convolution(_ g: GraphBuilder) throws -> Value {
    try g.convolution(try g.input("x", [1, 2, 4, 4]), try g.randomConstant([3, 2, 3, 3]))
  }

  @Test func whatAKernelAppliesBeforeItStoresIsOneNode() throws {
    let g = GraphBuilder()
    let biased = try g.add(Add(), try convolution(g), try g.randomConstant([1, 3, 1, 1]))
    g.output(try g.add(ReLU(), try g.add(Add(), biased, try g.input("r", [1, 3, 2, 2]))))
    try expectRewrite(
      of: g.graph, by: FuseOperations(),
      gives: """
        x: f32[1, 2, 4, 4]
        r: f32[1, 3, 2, 2]
        %1 = Fused(x, f32[3, 2, 3, 3], f32[1, 3, 1, 1], r) Convolution → Add → Add → ReLU: f32[1, 3, 2, 2]
        y = %1
        """)
  }

  @Test func whatOthersReadIsStored() throws {
    let g = GraphBuilder()
    let sum = try convolution(g)
    g.output(sum, "sum")
    g.output(try g.add(ReLU(), sum), "rectified")
    expectUnchanged(g.graph, by: FuseOperations())
  }

  @Test func whatStretchesTheSumStandsApart() throws {
    let g = GraphBuilder()
    g.output(try g.add(Add(), try convolution(g), try g.randomConstant([5, 3, 2, 2])))
    expectUnchanged(g.graph, by: FuseOperations())
  }
}
