import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct UseIntegerFormTests {
  private func dequantized(
    _ g: GraphBuilder, _ dequantization: Dequantization = Dequantization(scale: 0.5, zeroPoint: 3)
  ) throws -> Value {
    try g.add(Dequantize(dequantization), try g.input("x", [1, 2, 4, 4], .u8))
  }

  private func weights(_ g: GraphBuilder, _ scales: [Double] = [0.25, 2, 1]) throws -> Value {
    let scales = Dequantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axes: 0..<1)
    return try g.add(Dequantize(scales), try g.randomConstant([3, 2, 3, 3], in: -127...127, .i8))
  }

  @Test func scalesLeaveTheSum() throws {
    let g = GraphBuilder()
    g.output(try g.convolution(try dequantized(g), try weights(g)))
    try expectRewrite(
      of: g.graph, by: UseIntegerForm(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = Convolution(x, i8[3, 2, 3, 3]) zeroPoint 3.0: f32[1, 3, 2, 2]
        %2 = Multiply(%1, f32[1, 3, 1, 1]): f32[1, 3, 2, 2]
        y = %2
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func channelsOfTwoScalesAreTwoSums() throws {
    let g = GraphBuilder()
    let x = try dequantized(g, Dequantization(scales: [0.5, 2], zeroPoints: [3, 4]))
    g.output(try g.convolution(x, try weights(g)))
    try expectRewrite(
      of: g.graph, by: UseIntegerForm(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = Convolution(x, i8[3, 1, 3, 3]) channels 0..<1 zeroPoint 3.0: f32[1, 3, 2, 2]
        %2 = Multiply(%1, f32[1, 3, 1, 1]): f32[1, 3, 2, 2]
        %3 = Convolution(x, i8[3, 1, 3, 3]) channels 1..<2 zeroPoint 4.0: f32[1, 3, 2, 2]
        %4 = Multiply(%3, f32[1, 3, 1, 1]): f32[1, 3, 2, 2]
        %5 = Add(%2, %4): f32[1, 3, 2, 2]
        y = %5
        """, tolerance: 1e-6, inputs: 0...255)
  }

  /// How many taps see the image depends on its extents: what a byte leaves of the zero point waits for them.
  @Test func zeroPointsBetweenBytesWaitForTheExtents() throws {
    let g = GraphBuilder()
    let x = try g.add(
      Dequantize(Dequantization(scale: 0.5, zeroPoint: 3.25)),
      try g.input("x", PartialShape([1, 2, .dynamic, 4]), .u8))
    let window = try SpatialWindow(strides: [1, 1], dilations: [1, 1], padsBegin: [1, 0], padsEnd: [1, 0])
    g.output(try g.add(Convolution(window: window, isGrouped: false), x, try weights(g)))
    try expectRewrite(
      of: g.graph, by: UseIntegerForm(), FoldShapeFunctions(),
      gives: """
        x: u8[1, 2, ?, 4]
        %1 = Convolution(x, i8[3, 2, 3, 3]) pads 1×0…1×0 zeroPoint 3.0: f32[1, 3, ?, 2]
        %2 = Multiply(%1, f32[1, 3, 1, 1]): f32[1, 3, ?, 2]
        %3 = ZeroPointCorrection(x) pads 1×0…1×0: f32[1, 3, ?, 2]
        %4 = Add(%2, %3): f32[1, 3, ?, 2]
        y = %4
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func averagesAreNotRounded() throws {
    let g = GraphBuilder()
    g.output(try g.averagePool(try dequantized(g), 2, strides: 2))
    try expectRewrite(
      of: g.graph, by: UseIntegerForm(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = AvgPool(x) kernel 2×2 strides 2×2 excludesPadding zeroPoint 3.0: f32[1, 2, 2, 2]
        %2 = Multiply(%1, 0.5): f32[1, 2, 2, 2]
        y = %2
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func floatsOnEitherSideStay() throws {
    let g = GraphBuilder()
    g.output(try g.convolution(try g.input("f", [1, 2, 4, 4]), try weights(g)), "activations")
    g.output(try g.convolution(try dequantized(g), try g.randomConstant([3, 2, 3, 3])), "weights")
    expectUnchanged(g.graph, by: UseIntegerForm())
  }
}

@Suite struct SplitConvolutionOverConcatTests {
  private func graph(
    axis: Int = 2, _ second: Dequantization = Dequantization(scale: 2, zeroPoint: 5), height: Dimension = 3
  ) throws -> Graph {
    let g = GraphBuilder()
    let a = try g.add(
      Dequantize(Dequantization(scale: 0.5, zeroPoint: 3)), try g.input("a", [1, 2, height, 4], .u8))
    let b = try g.add(Dequantize(second), try g.input("b", [1, 2, height, 4], .u8))
    let window = try SpatialWindow(strides: [2, 1], dilations: [1, 1], padsBegin: [1, 1], padsEnd: [0, 1])
    let joined = try g.concat([a, b], axis: axis)
    let inputs = axis == 1 ? 4 : 2
    g.output(
      try g.add(
        Convolution(window: window, isGrouped: false), joined, try g.randomConstant(Shape(valid: [3, inputs, 3, 3]))))
    return g.graph
  }

  @Test func everyPartIsPaddedByTheOthers() throws {
    try expectRewrite(
      of: try graph(), by: SplitConvolutionOverConcat(),
      gives: """
        a: u8[1, 2, 3, 4]
        %1 = Dequantize(a) scale 0.5 zeroPoint 3.0: f32[1, 2, 3, 4]
        b: u8[1, 2, 3, 4]
        %2 = Dequantize(b) scale 2.0 zeroPoint 5.0: f32[1, 2, 3, 4]
        %3 = Convolution(%1, f32[3, 2, 3, 3]) strides 2×1 pads 1×1…3×1: f32[1, 3, 3, 4]
        %4 = Convolution(%2, f32[3, 2, 3, 3]) strides 2×1 pads 4×1…0×1: f32[1, 3, 3, 4]
        %5 = Add(%3, %4): f32[1, 3, 3, 4]
        y = %5
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func zeroPointsTakeThePlacesOfTheOthersWhereExtentsAreOpen() throws {
    try expectRewrite(
      of: try graph(height: .dynamic), by: SplitConvolutionOverConcat(),
      gives: """
        a: u8[1, 2, ?, 4]
        b: u8[1, 2, ?, 4]
        %1 = UniformLike(b) 3: u8[1, 2, ?, 4]
        %2 = Concat(a, %1) axis 2: u8[1, 2, ?, 4]
        %3 = Dequantize(%2) scale 0.5 zeroPoint 3.0: f32[1, 2, ?, 4]
        %4 = UniformLike(a) 5: u8[1, 2, ?, 4]
        %5 = Concat(%4, b) axis 2: u8[1, 2, ?, 4]
        %6 = Dequantize(%5) scale 2.0 zeroPoint 5.0: f32[1, 2, ?, 4]
        %7 = Convolution(%3, f32[3, 2, 3, 3]) strides 2×1 pads 1×1…0×1: f32[1, 3, ?, 4]
        %8 = Convolution(%6, f32[3, 2, 3, 3]) strides 2×1 pads 1×1…0×1: f32[1, 3, ?, 4]
        %9 = Add(%7, %8): f32[1, 3, ?, 4]
        y = %9
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func channelsOneGridAndZerosBetweenBytesStay() throws {
    expectUnchanged(try graph(axis: 1), by: SplitConvolutionOverConcat())
    expectUnchanged(try graph(Dequantization(scale: 0.5, zeroPoint: 3)), by: SplitConvolutionOverConcat())
    expectUnchanged(
      try graph(Dequantization(scale: 2, zeroPoint: 5.5), height: .dynamic), by: SplitConvolutionOverConcat())
  }
}

@Suite struct NoteRefusalsTests {
  @Test func whatCouldSumIntegersSaysWhyItDoesNot() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 2, 4, 4])
    g.output(
      try g.add(ReLU(), try g.convolution(x, try g.randomConstant([3, 2, 3, 3]), name: "sum"), name: "rectified"))
    var graph = g.graph
    try PassPipeline("test", [Stage("rules", [NoteRefusals()])]).run(on: &graph)
    #expect(graph.dump == g.graph.dump)
    let reasons = graph.topologicalOrder.map(graph.node).reduce(into: [:]) { $0[$1.name] = $1.reason }
    #expect(reasons == ["sum": "its activations are not quantized"])
    try expectSameMeaning(g.graph, graph)
  }

  @Test func integersAndOthersSayNothing() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 2, 4, 4], .u8)
    g.output(try g.convolution(x, try g.randomConstant([3, 2, 3, 3], in: -9...9, .i8)), "integers")
    g.output(try g.maxPool(try g.input("f", [1, 2, 4, 4]), 2), "maxima")
    expectUnchanged(g.graph, by: NoteRefusals())
  }
}

@Suite struct FoldPadIntoConvolutionTests {
  private func graph(
    _ widths: [Int] = [0, 0, 1, 2], mode: Pad.Mode = .constant, value: Double = 0
  ) throws -> Graph {
    let g = GraphBuilder()
    let padded = try g.add(
      Pad(mode: mode), try g.input("x", [1, 2, 4, 4]), try g.integers(widths), try g.integers([0, 0, 0, 1]),
      try g.scalar(value))
    let inputs = 2 + widths[1]
    g.output(try g.convolution(padded, try g.randomConstant(Shape(valid: [3, inputs, 3, 3]))))
    return g.graph
  }

  @Test func zerosAroundTheImageArePadding() throws {
    try expectRewrite(
      of: try graph(), by: FoldPadIntoConvolution(),
      gives: """
        x: f32[1, 2, 4, 4]
        %1 = Convolution(x, f32[3, 2, 3, 3]) pads 1×2…0×1: f32[1, 3, 3, 5]
        y = %1
        """)
  }

  @Test func otherBordersStay() throws {
    expectUnchanged(try graph(value: 0.5), by: FoldPadIntoConvolution())
    expectUnchanged(try graph([0, 1, 1, 1]), by: FoldPadIntoConvolution())
    expectUnchanged(try graph([0, 0, -1, 1]), by: FoldPadIntoConvolution())
    expectUnchanged(try graph(mode: .edge), by: FoldPadIntoConvolution())
  }
}
