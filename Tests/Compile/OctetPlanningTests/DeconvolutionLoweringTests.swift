import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Transposed convolutions against their meaning, on every instruction set, with one thread and two.
@Suite struct DeconvolutionLoweringTests {
  private func deconvolution(
    _ g: GraphBuilder, _ x: Value, _ weights: Value, rank: Int = 2, strides: Int = 2, pads: Int = 0,
    dilations: Int = 1, outputPadding: Int = 0, isGrouped: Bool = false
  ) throws -> Value {
    func all(_ value: Int) -> [Int] { [Int](repeating: value, count: rank) }
    let window = try SpatialWindow(
      strides: all(strides), dilations: all(dilations), padsBegin: all(pads), padsEnd: all(pads))
    return try g.add(
      Deconvolution(window: window, isGrouped: isGrouped, outputPadding: all(outputPadding)), x, weights)
  }

  private func expectOneKernel(
    _ g: GraphBuilder, _ precision: String = "int8", bitExact: Bool = true,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let layers = try ModelCompiler().layers(of: g.graph, g.graph.randomInputs(seed: 1).map(\.shape))
    let own = layers.filter { $0.operatorName == Deconvolution.name && $0.macs > 0 }
    #expect(own.map(\.precision) == [precision], sourceLocation: location)
    #expect(!layers.map(\.kernel).contains("reference"), sourceLocation: location)
    try expectExecutionMatchesMeaningEverywhere(
      g.graph, tolerance: Tolerance(step: 0.1), bitExact: bitExact, location)
  }

  /// The second range has a zero point that is no integer: every border pixel misses other taps.
  @Test(arguments: [(-1.0, 127.0 / 128), (-0.7, 1.3), (0.0, 1.0)], [0, 1])
  func everyZeroPointIsExact(_ range: (low: Double, high: Double), _ outputPadding: Int) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 7, 5, 6]), range.low, range.high)
    let weights = try g.int8Weights([7, 13, 3, 3], scaleShape: [1, 13, 1, 1])
    let y = try deconvolution(g, x, weights, pads: 1, outputPadding: outputPadding)
    g.output(try g.bias(y, channels: 13))
    try expectOneKernel(g)
  }

  @Test(arguments: [1, 2, 3])
  func everyRankHasAKernel(_ rank: Int) throws {
    let g = GraphBuilder()
    let spatial = [Dimension](repeating: 3, count: rank)
    let x = try g.fakeQuantize(try g.input("x", PartialShape([2, 4] + spatial)), 0, 1)
    let shape = Shape(valid: [4, 6] + [Int](repeating: 3, count: rank))
    let scales = Shape(valid: [1, 6] + [Int](repeating: 1, count: rank))
    let weights = try g.int8Weights(shape, scaleShape: scales)
    g.output(try deconvolution(g, x, weights, rank: rank, strides: 3, pads: 1, dilations: 2))
    try expectOneKernel(g)
  }

  @Test(arguments: [1, 4])
  func groupsHaveScalesOfTheirOwn(_ outputsPerGroup: Int) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 12, 4, 5]), reach: 1)
    let weights = try g.int8Weights([3, 4, outputsPerGroup, 4, 4], scaleShape: [3, 1, outputsPerGroup, 1, 1])
    g.output(try deconvolution(g, x, weights, pads: 1, isGrouped: true))
    try expectOneKernel(g)
  }

  @Test func depthwiseResidualBlocksAreOneKernel() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 10, 4, 5]), reach: 1)
    let weights = try g.int8Weights([10, 1, 1, 4, 4])
    let y = try g.bias(try deconvolution(g, x, weights, pads: 1, isGrouped: true), channels: 10)
    let other = try g.fakeQuantize(try g.input("other", [2, 10, 8, 10]), 0, 1)
    let sum = try g.signed(try g.add(ReLU(), try g.add(Add(), y, other)), reach: 2)
    g.output(try g.int8Convolution(sum, inputs: 10, outputs: 4, kernel: 1))
    try expectOneKernel(g)
  }

  @Test func floatsHaveAKernel() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 5, 4, 4])
    let y = try deconvolution(g, x, try g.randomConstant([5, 9, 3, 3]), pads: 1, outputPadding: 1)
    g.output(try g.add(ReLU(), try g.bias(y, channels: 9)))
    try expectOneKernel(g, "f32", bitExact: false)
  }

  @Test func aScalePerInputChannelIsRefused() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 4, 4, 4]), reach: 1)
    g.output(try deconvolution(g, x, try g.int8Weights([4, 6, 3, 3], scaleShape: [4, 1, 1, 1])))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(
      layers.contains {
        $0.operatorName == Deconvolution.name
          && $0.reason == "its weights have different scales within an output channel"
      })
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }
}
