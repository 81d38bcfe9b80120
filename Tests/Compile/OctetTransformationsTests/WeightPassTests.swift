import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct DequantizeWeightsTests {
  /// `const → Convert → [Subtract] → Multiply`, read by nobody but the output.
  private func graph(
    _ type: ElementType, _ values: [Double], _ shape: Shape, scales: [Double], scaleShape: Shape,
    zeroPoints: [Double]? = nil, scaleFirst: Bool = false
  ) throws -> Graph {
    let g = GraphBuilder()
    let integers = try g.add(Convert(to: .f32), try g.constant(values, shape, type))
    let factors = try g.constant(scales, scaleShape)
    var shifted = integers
    if let zeroPoints {
      // NNCF stores zero points in the type of the weights.
      let stored = try g.add(Convert(to: .f32), try g.constant(zeroPoints, scaleShape, type))
      shifted = try g.add(Subtract(), integers, stored)
    }
    g.output(scaleFirst ? try g.add(Multiply(), factors, shifted) : try g.add(Multiply(), shifted, factors))
    return g.graph
  }

  @Test(arguments: [false, true])
  func scalesPerOutputChannelBecomeADequantization(_ scaleFirst: Bool) throws {
    try expectRewrite(
      of: try graph(
        .i8, [1, 2, -3, 4], [2, 2, 1, 1], scales: [0.5, 2], scaleShape: [2, 1, 1, 1], scaleFirst: scaleFirst),
      by: DequantizeWeights(),
      gives: """
        %1 = Dequantize(i8[2, 2, 1, 1]) scale 0.5…×2 zeroPoint 0.0…×2 axes 0..<1: f32[2, 2, 1, 1]
        y = %1
        """)
  }

  @Test func unsignedWeightsMoveByTheirZeroPoint() throws {
    try expectRewrite(
      of: try graph(.u8, [0, 128, 255, 130], [2, 2], scales: [0.5, 2], scaleShape: [2, 1], zeroPoints: [128, 128]),
      by: DequantizeWeights(),
      gives: """
        %1 = Dequantize(i8[2, 2]) scale 0.5…×2 zeroPoint 0.0…×2 axes 0..<1: f32[2, 2]
        y = %1
        """)
  }

  @Test func asymmetricWeightsKeepTheirZeroPoint() throws {
    try expectRewrite(
      of: try graph(.u8, [0, 128, 255, 130], [2, 2], scales: [0.5], scaleShape: [1, 1], zeroPoints: [100]),
      by: DequantizeWeights(),
      gives: """
        %1 = Dequantize(i8[2, 2]) scale 0.5 zeroPoint -28.0: f32[2, 2]
        y = %1
        """)
  }

  @Test func groupsAndTheirOutputsAreBothChannels() throws {
    try expectRewrite(
      of: try graph(
        .i8, [1, 2, 3, 4], [2, 2, 1, 1, 1], scales: [1, 2, 3, 4], scaleShape: [2, 2, 1, 1, 1]),
      by: DequantizeWeights(),
      gives: """
        %1 = Dequantize(i8[2, 2, 1, 1, 1]) scale 1.0…×4 zeroPoint 0.0…×4 axes 0..<2: f32[2, 2, 1, 1, 1]
        y = %1
        """)
  }

  @Test func scalesOfAxesThatAreNotAdjacentRepeatAlongThoseBetween() throws {
    // One scale per output channel and kernel column: the run of axes that holds both holds the one between as well.
    let g = GraphBuilder()
    let integers = try g.add(Convert(to: .f32), try g.constant([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2], .i8))
    g.output(try g.add(Multiply(), integers, try g.constant([1, 2, 3, 4], [2, 1, 2])))
    try expectRewrite(
      of: g.graph, by: DequantizeWeights(),
      gives: """
        %1 = Dequantize(i8[2, 2, 2]) scale 1.0…×8 zeroPoint 0.0…×8 axes 0..<3: f32[2, 2, 2]
        y = %1
        """)
  }

  @Test func widerIntegersStay() throws {
    expectUnchanged(
      try graph(.i16, [1, 2], [2], scales: [1], scaleShape: [1]), by: DequantizeWeights())
  }

  @Test func activationsStay() throws {
    let g = GraphBuilder()
    let x = try g.add(Convert(to: .f32), try g.input("x", [2], .i8))
    g.output(try g.add(Multiply(), x, try g.scalar(0.5)))
    expectUnchanged(g.graph, by: DequantizeWeights())
  }
}

@Suite struct QuantizeWeightsTests {
  private func graph(
    _ weights: [Double], _ shape: Shape, low: [Double], high: [Double], rangeShape: Shape, levels: Int = 255,
    outputLow: [Double]? = nil, outputHigh: [Double]? = nil
  ) throws -> Graph {
    let g = GraphBuilder()
    g.output(
      try g.add(
        FakeQuantize(levels: levels), try g.constant(weights, shape), try g.constant(low, rangeShape),
        try g.constant(high, rangeShape), try g.constant(outputLow ?? low, rangeShape),
        try g.constant(outputHigh ?? high, rangeShape)))
    return g.graph
  }

  @Test func symmetricRangesGetNoZeroPoint() throws {
    try expectRewrite(
      of: try graph(
        [-1.27, 0.01, 0.5, 2.54], [2, 2], low: [-1.27, -2.54], high: [1.27, 2.54], rangeShape: [2, 1]),
      by: QuantizeWeights(),
      gives: """
        %1 = Dequantize(i8[2, 2]) scale 0.01…×2 zeroPoint 0.0…×2 axes 0..<1: f32[2, 2]
        y = %1
        """, tolerance: 1e-6)
  }

  @Test func asymmetricRangesKeepTheirZeroPoint() throws {
    try expectRewrite(
      of: try graph([0, 100, 255, 300], [4], low: [0], high: [255], rangeShape: [1], levels: 256),
      by: QuantizeWeights(),
      gives: """
        %1 = Dequantize(i8[4]) scale 1.0 zeroPoint -128.0: f32[4]
        y = %1
        """, tolerance: 1e-6)
  }

  @Test func fallingOutputRangesGetANegativeScale() throws {
    let falling = try graph(
      [0, 1, 2, 3], [4], low: [0], high: [3], rangeShape: [1], levels: 4, outputLow: [6], outputHigh: [0])
    var rewritten = falling
    try PassPipeline("test", [Stage("rules", [QuantizeWeights()])]).run(on: &rewritten)
    #expect(rewritten.dump.contains("Dequantize(i8[4]) scale -2.0"))
    try expectSameMeaning(falling, rewritten, tolerance: 1e-6)
  }

  @Test func whatEightBitsCannotHoldStays() throws {
    let one = ([0.5, 1.5], Shape(valid: [2]))
    let unchanged = [
      try graph(one.0, one.1, low: [0], high: [1], rangeShape: [1], levels: 65536),
      try graph(one.0, one.1, low: [1], high: [0], rangeShape: [1]),
      try graph(one.0, one.1, low: [1], high: [1], rangeShape: [1]),
      try graph(one.0, one.1, low: [0], high: [1], rangeShape: [1], outputLow: [2], outputHigh: [2]),
    ]
    for graph in unchanged { expectUnchanged(graph, by: QuantizeWeights()) }
  }

  @Test func rangesOfDifferentShapesMeetAtTheirAxes() throws {
    let g = GraphBuilder()
    let weights = try g.constant([-2, -1, 1, 2, 3, 4, 5, 6], [2, 2, 2])
    let low = try g.constant([-6], [1, 1, 1])
    let high = try g.constant([4, 6], [2, 1, 1])
    g.output(try g.add(FakeQuantize(levels: 255), weights, low, high, low, high))
    var rewritten = g.graph
    try PassPipeline("test", [Stage("rules", [QuantizeWeights()])]).run(on: &rewritten)
    #expect(rewritten.dump.contains("Dequantize"))
    try expectSameMeaning(g.graph, rewritten, tolerance: 1e-6)
  }

  @Test func weightsThatAreNotNumbersAreQuantizedLikeActivations() throws {
    let odd = try graph([.nan, .infinity, -.infinity, 0.1], [4], low: [-1], high: [1], rangeShape: [1])
    var rewritten = odd
    try PassPipeline("test", [Stage("rules", [QuantizeWeights()])]).run(on: &rewritten)
    try expectSameMeaning(odd, rewritten, tolerance: 1e-6)
  }
}

@Suite struct FoldConvertedFloatsTests {
  @Test func halfPrecisionWaitsForItsQuantizer() throws {
    let g = GraphBuilder()
    g.output(try g.add(Convert(to: .f32), try g.constant([1.5, -2], [2], .f16)))
    try expectRewrite(of: g.graph, by: FoldConvertedFloats(), gives: "y = f32[2]")
  }

  @Test func integersStay() throws {
    let g = GraphBuilder()
    g.output(try g.add(Convert(to: .f32), try g.constant([1, -2], [2], .i8)))
    expectUnchanged(g.graph, by: FoldConvertedFloats())
  }
}

/// Weights of ConvInteger and MatMulInteger: integers less a zero point, and no scale.
@Suite struct IntegerWeightsTests {
  private func weights(_ g: GraphBuilder, _ shape: Shape) throws -> Value {
    let integers = try g.add(Convert(to: .f32), try g.randomConstant(shape, in: 0...255.9, .u8))
    return try g.add(Subtract(), integers, try g.add(Convert(to: .f32), try g.constant([117], nil, .u8)))
  }

  @Test func whatIsMultipliedHasScaleOne() throws {
    let g = GraphBuilder()
    g.output(
      try g.add(MatMul(transposeA: false, transposeB: false), try g.input("x", [2, 4]), try weights(g, [4, 3])))
    try expectRewrite(
      of: g.graph, by: DequantizeWeights(),
      gives: """
        x: f32[2, 4]
        %1 = Dequantize(i8[4, 3]) scale 1.0 zeroPoint -11.0: f32[4, 3]
        %2 = MatMul(x, %1): f32[2, 3]
        y = %2
        """)
  }

  @Test func whatOthersReadStays() throws {
    let g = GraphBuilder()
    let w = try weights(g, [4, 3])
    g.output(try g.add(MatMul(transposeA: false, transposeB: false), try g.input("x", [2, 4]), w), "product")
    g.output(w, "weights")
    expectUnchanged(g.graph, by: DequantizeWeights())
  }
}
