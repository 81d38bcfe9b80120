import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct SplitSumOverGridsTests {
  private let odd = Dequantization(scale: 0.25, zeroPoint: 99.6)

  private func dequantized(
    _ g: GraphBuilder, _ shape: PartialShape, _ dequantization: Dequantization, _ name: String = "x"
  ) throws -> Value {
    try g.add(Dequantize(dequantization), try g.input(name, shape, .u8))
  }

  private func weights(_ g: GraphBuilder, _ shape: Shape) throws -> Value {
    let scales = Dequantization(scales: [0.5, 2], zeroPoints: [0, 0], axes: 0..<1)
    return try g.add(Dequantize(scales), try g.randomConstant(shape, in: -127...127, .i8))
  }

  @Test func reLUBetweenTwoStepsIsAGridAndAPartOfAStep() throws {
    let g = GraphBuilder()
    let x = try g.add(ReLU(), try dequantized(g, [1, 3, 4, 4], odd))
    g.output(try g.convolution(x, try weights(g, [2, 3, 3, 3]), pads: 1))
    try expectRewrite(
      of: g.graph, by: SplitSumOverGrids(),
      gives: """
        x: u8[1, 3, 4, 4]
        %1 = Dequantize(i8[2, 3, 3, 3]) scale 0.5…×2 zeroPoint 0.0…×2 axes 0..<1: f32[2, 3, 3, 3]
        %2 = LookupTable(x): u8[1, 3, 4, 4]
        %3 = Dequantize(%2) scale 0.1 zeroPoint 0.0: f32[1, 3, 4, 4]
        %4 = LookupTable(x): u8[1, 3, 4, 4]
        %5 = Dequantize(%4) scale 0.25 zeroPoint 0.0: f32[1, 3, 4, 4]
        %6 = Convolution(%3, %1) pads 1×1…1×1: f32[1, 2, 4, 4]
        %7 = Convolution(%5, %1) pads 1×1…1×1: f32[1, 2, 4, 4]
        %8 = Add(%6, %7): f32[1, 2, 4, 4]
        y = %8
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func whateverIsMadeOfAFewLines() throws {
    let functions: [any ElementwiseUnary] = [
      try Clamp(minimum: -3.3, maximum: 7.9), try Clamp(minimum: 100, maximum: 101), Abs(), Negative(),
    ]
    for function in functions {
      let g = GraphBuilder()
      let x = try g.add(function, try dequantized(g, [3, 6], odd))
      g.output(try g.add(MatMul(transposeA: false, transposeB: true), x, try weights(g, [2, 6])))
      var rewritten = g.graph
      try PassPipeline("test", [Stage("rules", [SplitSumOverGrids()])]).run(on: &rewritten)
      #expect(!rewritten.dump.contains(function.name))
      try expectSameMeaning(g.graph, rewritten, tolerance: 1e-6, inputs: 0...255)
    }
  }

  @Test func partsOfAConcatenationMeetTheirWeights() throws {
    let g = GraphBuilder()
    let parts = [
      try dequantized(g, [1, 2, 4, 4], Dequantization(scale: 0.5, zeroPoint: 3), "a"),
      try g.add(ReLU(), try dequantized(g, [1, 3, 4, 4], odd, "b")),
    ]
    g.output(try g.convolution(try g.concat(parts), try weights(g, [2, 5, 3, 3]), pads: 1))
    var rewritten = g.graph
    try PassPipeline("test", [Stage("rules", [SplitSumOverGrids()])]).run(on: &rewritten)
    #expect(!rewritten.dump.contains("Concat") && !rewritten.dump.contains("ReLU"))
    try expectSameMeaning(g.graph, rewritten, tolerance: 1e-6, inputs: 0...255)
  }

  /// Scales along the sum of a product cannot be carried through a concatenation of rank 3.
  @Test func gridsJoinedAlongTheSumOfAProduct() throws {
    let g = GraphBuilder()
    let parts = [
      try dequantized(g, [2, 3, 4], Dequantization(scale: 0.5, zeroPoint: 3), "a"),
      try dequantized(g, [2, 3, 2], odd, "b"),
    ]
    let product = MatMul(transposeA: false, transposeB: true)
    g.output(try g.add(product, try g.concat(parts, axis: 2), try weights(g, [2, 6])))
    try expectRewrite(
      of: g.graph, by: SplitSumOverGrids(),
      gives: """
        a: u8[2, 3, 4]
        %1 = Dequantize(a) scale 0.5 zeroPoint 3.0: f32[2, 3, 4]
        b: u8[2, 3, 2]
        %2 = Dequantize(b) scale 0.25 zeroPoint 99.6: f32[2, 3, 2]
        %3 = Dequantize(i8[2, 4]) scale 0.5…×2 zeroPoint 0.0…×2 axes 0..<1: f32[2, 4]
        %4 = MatMul(%1, %3) transposeB: f32[2, 3, 2]
        %5 = Dequantize(i8[2, 2]) scale 0.5…×2 zeroPoint 0.0…×2 axes 0..<1: f32[2, 2]
        %6 = MatMul(%2, %5) transposeB: f32[2, 3, 2]
        %7 = Add(%4, %6): f32[2, 3, 2]
        y = %7
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func curvesAndFloatsStay() throws {
    let curve = GraphBuilder()
    let x = try curve.add(Sigmoid(), try dequantized(curve, [1, 3, 4, 4], odd))
    curve.output(try curve.convolution(x, try weights(curve, [2, 3, 3, 3])))
    expectUnchanged(curve.graph, by: SplitSumOverGrids())
    let float = GraphBuilder()
    let parts = [
      try float.input("a", [1, 2, 4, 4]), try float.add(ReLU(), try dequantized(float, [1, 1, 4, 4], odd, "b")),
    ]
    float.output(try float.convolution(try float.concat(parts), try weights(float, [2, 3, 3, 3])))
    expectUnchanged(float.graph, by: SplitSumOverGrids())
    let floatWeights = GraphBuilder()
    let y = try floatWeights.add(ReLU(), try dequantized(floatWeights, [1, 3, 4, 4], odd))
    floatWeights.output(try floatWeights.convolution(y, try floatWeights.randomConstant([2, 3, 3, 3])))
    expectUnchanged(floatWeights.graph, by: SplitSumOverGrids())
  }
}

@Suite struct MoveConcatAfterSumTests {
  private func parts(_ g: GraphBuilder, _ shape: PartialShape, isOneGrid: Bool = false) throws -> [Value] {
    try ["a", "b"].map { name in
      let grid = Dequantization(scale: isOneGrid || name == "a" ? 0.5 : 2, zeroPoint: 3)
      return try g.add(Dequantize(grid), try g.input(name, shape, .u8))
    }
  }

  private func weights(_ g: GraphBuilder, _ shape: Shape) throws -> Value {
    let grid = Dequantize(Dequantization(scale: 0.5, zeroPoint: 0))
    return try g.add(grid, try g.randomConstant(shape, in: -127...127, .i8))
  }

  @Test func imagesOfDifferentScales() throws {
    let g = GraphBuilder()
    g.output(try g.convolution(try g.concat(try parts(g, [1, 3, 4, 4]), axis: 0), try weights(g, [2, 3, 3, 3])))
    try expectRewrite(
      of: g.graph, by: MoveConcatAfterSum(),
      gives: """
        a: u8[1, 3, 4, 4]
        %1 = Dequantize(a) scale 0.5 zeroPoint 3.0: f32[1, 3, 4, 4]
        b: u8[1, 3, 4, 4]
        %2 = Dequantize(b) scale 2.0 zeroPoint 3.0: f32[1, 3, 4, 4]
        %3 = Dequantize(i8[2, 3, 3, 3]) scale 0.5 zeroPoint 0.0: f32[2, 3, 3, 3]
        %4 = Convolution(%1, %3): f32[1, 2, 2, 2]
        %5 = Convolution(%2, %3): f32[1, 2, 2, 2]
        %6 = Concat(%4, %5) axis 0: f32[2, 2, 2, 2]
        y = %6
        """, inputs: 0...255)
  }

  @Test(arguments: [0, 1, 2, 3], [false, true])
  func rowsOfDifferentScales(_ axis: Int, _ isTransposed: Bool) throws {
    let g = GraphBuilder()
    let joined = try g.concat(try parts(g, [2, 3, 6, 6]), axis: axis)
    let isSummed = axis == (isTransposed ? 2 : 3)
    let product = MatMul(transposeA: isTransposed, transposeB: false)
    g.output(try g.add(product, joined, try weights(g, [isSummed ? 12 : 6, 4])))
    if isSummed { return expectUnchanged(g.graph, by: MoveConcatAfterSum()) }
    var rewritten = g.graph
    try PassPipeline("test", [Stage("rules", [MoveConcatAfterSum()])]).run(on: &rewritten)
    #expect(rewritten.producer(of: rewritten.outputs[0].value).op is Concat)
    try expectSameMeaning(g.graph, rewritten, inputs: 0...255)
  }

  @Test func oneGridNeedsNoParts() throws {
    let g = GraphBuilder()
    let joined = try g.concat(try parts(g, [1, 3, 4, 4], isOneGrid: true), axis: 0)
    g.output(try g.convolution(joined, try weights(g, [2, 3, 3, 3])))
    expectUnchanged(g.graph, by: MoveConcatAfterSum())
  }
}

@Suite struct MoveUnaryAfterTests {
  private func graph(
    _ function: any ElementwiseUnary, zeroPoint: Double = 99.6, _ move: (GraphBuilder, Value) throws -> Value
  ) throws -> Graph {
    let g = GraphBuilder()
    let x = try g.add(
      Dequantize(Dequantization(scale: 0.25, zeroPoint: zeroPoint)), try g.input("x", [1, 2, 4, 4], .u8))
    g.output(try move(g, try g.add(function, x)))
    return g.graph
  }

  @Test func maximaMeetIntegers() throws {
    try expectRewrite(
      of: try graph(ReLU()) { g, x in try g.maxPool(x, 2) }, by: MoveUnaryAfter(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = Dequantize(x) scale 0.25 zeroPoint 99.6: f32[1, 2, 4, 4]
        %2 = MaxPool(%1) kernel 2×2: f32[1, 2, 3, 3]
        %3 = ReLU(%2): f32[1, 2, 3, 3]
        y = %3
        """, inputs: 0...255)
  }

  @Test func reshapesDoSo() throws {
    let flat = try graph(Clamp(minimum: -1.3, maximum: 7.9)) { g, x in try g.reshape(x, [1, 32]) }
    var rewritten = flat
    try PassPipeline("test", [Stage("rules", [MoveUnaryAfter()])]).run(on: &rewritten)
    #expect(rewritten.producer(of: rewritten.outputs[0].value).op is Clamp)
    try expectSameMeaning(flat, rewritten, inputs: 0...255)
  }

  /// Zeros that are inserted are no numbers of the grid, and the largest of what falls is not the largest.
  @Test func whatComputesStays() throws {
    let padded = try graph(Clamp(minimum: 1, maximum: 2)) { g, x in
      try g.add(Pad(mode: .constant), x, try g.integers([0, 0, 1, 0]), try g.integers([0, 0, 0, 0]), try g.scalar(0))
    }
    expectUnchanged(padded, by: MoveUnaryAfter())
    expectUnchanged(try graph(Abs()) { g, x in try g.maxPool(x, 2) }, by: MoveUnaryAfter())
    expectUnchanged(try graph(Sigmoid()) { g, x in try g.maxPool(x, 2) }, by: MoveUnaryAfter())
    expectUnchanged(try graph(ReLU()) { g, x in try g.averagePool(x, 2) }, by: MoveUnaryAfter())
  }
}

@Suite struct SplitReLUOverChannelsTests {
  /// Zero between two steps, on one, below all and above all of them.
  private func graph(
    _ zeroPoints: [Double] = [99.6, 3, -1.5, 256.5], scale: Double = 0.25, groups: Int = 4
  ) throws -> Graph {
    let g = GraphBuilder()
    let grid = Dequantization(scales: [0.5, 2, 0.125, scale], zeroPoints: zeroPoints)
    let x = try g.add(ReLU(), try g.add(Dequantize(grid), try g.input("x", [1, 4, 4, 4], .u8)))
    let integers = try g.randomConstant(Shape(valid: [groups, 1, 4 / groups, 3, 3]), in: -127...127, .i8)
    let weights = try g.add(Dequantize(Dequantization(scale: 0.5, zeroPoint: 0)), integers)
    g.output(try g.convolution(x, weights, pads: 1, grouped: true))
    return g.graph
  }

  @Test func theFirstStepsAreAConstantPerChannel() throws {
    try expectRewrite(
      of: try graph(), by: SplitReLUOverChannels(),
      gives: """
        x: u8[1, 4, 4, 4]
        %1 = Dequantize(x) scale 0.5…×4 zeroPoint 99.6…×4 axes 1..<2: f32[1, 4, 4, 4]
        %2 = Dequantize(i8[4, 1, 1, 3, 3]) scale 0.5 zeroPoint 0.0: f32[4, 1, 1, 3, 3]
        %3 = Quantize(%1) 0.2…127.7 levels 256 per channel: u8[1, 4, 4, 4]
        %4 = Dequantize(%3) scale 0.5…×4 zeroPoint 0.0…×4 axes 1..<2: f32[1, 4, 4, 4]
        %5 = Convolution(%4, %2) pads 1×1…1×1 grouped: f32[1, 4, 4, 4]
        %6 = Quantize(%1) -0.3…0.2 levels 2 per channel: u8[1, 4, 4, 4]
        %7 = Dequantize(%6) scale 0.2…×4 zeroPoint 0.0…×4 axes 1..<2: f32[1, 4, 4, 4]
        %8 = Convolution(%7, %2) pads 1×1…1×1 grouped: f32[1, 4, 4, 4]
        %9 = Add(%5, %8): f32[1, 4, 4, 4]
        y = %9
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func stepsAtZeroAreOneProduct() throws {
    let before = try graph([100, 3, 0, 255])
    var after = before
    try PassPipeline("test", [Stage("rules", [SplitReLUOverChannels()])]).run(on: &after)
    #expect(!after.dump.contains("ReLU") && !after.dump.contains("Add"))
    try expectSameMeaning(before, after, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func sumsOfChannelsAndTurnedGridsStay() throws {
    expectUnchanged(try graph(groups: 2), by: SplitReLUOverChannels())
    expectUnchanged(try graph(scale: -0.25), by: SplitReLUOverChannels())
  }
}
