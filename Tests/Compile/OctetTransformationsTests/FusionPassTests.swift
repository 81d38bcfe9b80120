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

@Suite struct ForkQuantizersTests {
  private func normalization(_ axes: [Int]) throws -> MVN {
    try MVN(axes: .listed(axes), normalizesVariance: true, epsilon: 1e-5, epsilonPlace: .insideRoot)
  }

  private let quantizer = Quantize(inputLow: [-2], inputHigh: [2], levels: 256)

  @Test func aNormalizationStoresBothForms() throws {
    let g = GraphBuilder()
    let y = try g.add(normalization([2]), try g.input("x", [1, 3, 5]))
    g.output(try g.add(Sin(), y), "residual")
    g.output(try g.add(quantizer, try g.add(Multiply(), y, try g.constant([1, 2, 3, 0.5, 0.25], [1, 1, 5]))), "bytes")
    try expectRewrite(
      of: g.graph, by: FuseOperations(), ForkQuantizers(),
      gives: """
        x: f32[1, 3, 5]
        %1 = Forked(x, f32[1, 1, 5]) MVN(eps 1e-05) → Multiply → Quantize(-2.0…2.0 levels 256): u8[1, 3, 5]
        %2 = Sin(%1.1): f32[1, 3, 5]
        residual = %2
        bytes = %1
        """)
  }

  @Test func aSecondQuantizerReadsTheFloats() throws {
    let g = GraphBuilder()
    let scaled = try g.add(Multiply(), try g.add(normalization([2]), try g.input("x", [1, 3, 5])), try g.scalar(0.5))
    g.output(try g.add(quantizer, scaled), "first")
    g.output(try g.add(Quantize(inputLow: [-1], inputHigh: [1], levels: 256), scaled), "second")
    try expectRewrite(
      of: g.graph, by: FuseOperations(), ForkQuantizers(),
      gives: """
        x: f32[1, 3, 5]
        %1 = Forked(x, 0.5) MVN(eps 1e-05) → Multiply → Quantize(-2.0…2.0 levels 256): u8[1, 3, 5]
        %2 = Quantize(%1.1) -1.0…1.0 levels 256: u8[1, 3, 5]
        first = %1
        second = %2
        """)
  }

  @Test func othersStayApart() throws {
    let g = GraphBuilder()
    let overChannels = try g.add(normalization([1]), try g.input("x", [1, 3, 5, 2]))
    let single = try g.add(normalization([2]), try g.input("z", [1, 3, 5]))
    let sine = try g.add(Sin(), try g.input("w", [1, 3, 5]))
    for (name, value) in [("channels", overChannels), ("sine", sine)] {
      g.output(value, name)
      g.output(try g.add(quantizer, value), "quantized \(name)")
    }
    g.output(try g.add(quantizer, single), "single")
    expectUnchanged(g.graph, by: ForkQuantizers())
  }
}
