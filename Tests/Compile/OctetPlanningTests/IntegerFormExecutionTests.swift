import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Sums over integers that one kernel call does not give: several scales, zero points of any kind on both sides.
@Suite struct IntegerFormExecutionTests {
  private let tolerance = Tolerance(step: 0.1)

  private func expectIntegers(
    _ g: GraphBuilder, sums: Int, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let shapes = g.graph.randomInputs(seed: 1).map(\.shape)
    let layers = try ModelCompiler().layers(of: g.graph, shapes).filter { $0.macs > 0 }
    #expect(layers.map(\.precision) == [String](repeating: "int8", count: sums), sourceLocation: location)
    #expect(!layers.map(\.kernel).contains("reference"), sourceLocation: location)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance, location)
  }

  /// Weights with a zero point per output channel, as NNCF stores asymmetric ones.
  private func asymmetricWeights(_ g: GraphBuilder, _ shape: Shape, outputAxis: Int = 0) throws -> Value {
    let channels = Shape(valid: shape.extents.indices.map { $0 == outputAxis ? shape[$0] : 1 })
    let integers = try g.add(Convert(to: .f32), try g.randomConstant(shape, in: 0...255.9, .u8))
    let zeroPoints = try g.add(Convert(to: .f32), try g.randomConstant(channels, in: 80...170, .u8))
    let scales = try g.randomConstant(channels, in: 0.001...0.01)
    return try g.add(Multiply(), try g.add(Subtract(), integers, zeroPoints), scales)
  }

  @Test(arguments: [0, 1], [1, 2])
  func zeroPointsThatAreNotBytesArePadded(_ pads: Int, _ strides: Int) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 5, 7, 6]), -0.7, 1.3)
    g.output(try g.int8Convolution(x, inputs: 5, outputs: 9, strides: strides, pads: pads))
    try expectIntegers(g, sums: 1)
  }

  /// The border of a convolution and of its transpose, for extents that come with the request.
  @Test(arguments: [Shape(valid: [2, 6, 7, 5]), Shape(valid: [1, 6, 3, 8])])
  func openExtentsKeepOddZeroPoints(_ shape: Shape) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(
      try g.input("x", PartialShape([.dynamic, 6, .dynamic, .dynamic])), -0.7, 1.3)
    let window = try SpatialWindow(strides: [2, 1], dilations: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
    g.output(try g.int8Convolution(x, inputs: 6, outputs: 9, pads: 1), "a")
    g.output(try g.convolution(x, try asymmetricWeights(g, [3, 4, 2, 3, 3]), pads: 1, grouped: true), "b")
    g.output(
      try g.add(
        Deconvolution(window: window, isGrouped: false, outputPadding: [0, 0]), x,
        try asymmetricWeights(g, [6, 4, 3, 3], outputAxis: 1)),
      "c")
    let layers = try ModelCompiler().layers(of: g.graph, [shape]).filter { $0.macs > 0 }
    #expect(layers.count == 5 && layers.allSatisfy { $0.precision == "int8" && $0.kernel != "reference" })
    var random = SeededRandom(seed: 5)
    let inputs = [random.tensor(.f32, shape, in: -1...2)]
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance, inputs: inputs)
  }

  @Test(arguments: [0, 1])
  func weightsMayBeAsymmetric(_ pads: Int) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 5, 7, 6]), reach: 1)
    g.output(try g.bias(try g.convolution(x, try asymmetricWeights(g, [9, 5, 3, 3]), pads: pads), channels: 9))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
    let sums = try ModelCompiler().layers(of: g.graph).filter { $0.macs > 0 }
    #expect(!sums.isEmpty && sums.allSatisfy { $0.precision == "int8" })
  }

  /// ConvInteger as it comes from ONNX: bytes less a zero point on both sides, the scale behind the sum.
  @Test func bytesWithoutAScaleAreMultipliedAsTheyAre() throws {
    let g = GraphBuilder()
    let bytes = try g.add(Convert(to: .f32), try g.input("x", [2, 5, 7, 6], .u8))
    let x = try g.add(Subtract(), bytes, try g.add(Convert(to: .f32), try g.constant([100], nil, .u8)))
    let integers = try g.add(Convert(to: .f32), try g.randomConstant([9, 5, 3, 3], in: 0...255.9, .u8))
    let zeroPoints = try g.add(Convert(to: .f32), try g.randomConstant([9, 1, 1, 1], in: 80...170, .u8))
    let sums = try g.convolution(x, try g.add(Subtract(), integers, zeroPoints), pads: 1)
    g.output(try g.add(Multiply(), sums, try g.scalar(1e-4)))
    let layers = try ModelCompiler().layers(of: g.graph).filter { $0.macs > 0 }
    #expect(layers.map(\.precision) == ["int8", "int8"])
    var random = SeededRandom(seed: 3)
    try expectExecutionMatchesMeaningEverywhere(g.graph, inputs: [random.tensor(.u8, [2, 5, 7, 6], in: 0...255.9)])
  }

  @Test func asymmetricDepthwiseWeights() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 6, 7, 6]), -0.7, 1.3)
    g.output(try g.convolution(x, try asymmetricWeights(g, [6, 1, 1, 3, 3]), pads: 1, grouped: true))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func asymmetricMatrices() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [3, 20]), -0.7, 1.3)
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), x, try asymmetricWeights(g, [7, 20])))
    try expectIntegers(g, sums: 2)
  }

  /// Groups sum different channels: each has ones of its own.
  @Test(arguments: [0, 1])
  func asymmetricGroupedWeights(_ pads: Int) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 6, 7, 6]), -0.7, 1.3)
    g.output(try g.convolution(x, try asymmetricWeights(g, [3, 4, 2, 3, 3]), pads: pads, grouped: true))
    try expectIntegers(g, sums: 2)
  }

  /// Several outputs of one channel: no kernel pads with a byte per channel then.
  @Test(arguments: [0, 1])
  func aMultiplierWithAZeroPointPerChannel(_ pads: Int) throws {
    let g = GraphBuilder()
    let lows = [-0.7, 0, -1, -0.2, -0.4, -0.9]
    let x = try g.fakeQuantize(try g.input("x", [2, 6, 7, 6]), low: lows, high: lows.map { $0 + 1.3 })
    g.output(try g.convolution(x, try g.int8Weights([6, 2, 1, 3, 3]), pads: pads, grouped: true))
    try expectIntegers(g, sums: 1)
  }

  @Test(arguments: [false, true], [false, true])
  func matricesMayStandOnTheLeft(_ transposed: Bool, _ isAsymmetric: Bool) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", transposed ? [2, 5, 20] : [2, 20, 5]), -0.7, 1.3)
    let weights = isAsymmetric ? try asymmetricWeights(g, [7, 20]) : try g.int8Weights([7, 20])
    g.output(try g.add(MatMul(transposeA: false, transposeB: transposed), weights, x))
    try expectIntegers(g, sums: 1 + (isAsymmetric ? 1 : 0))
  }

  @Test func eachBatchMayHaveItsMatrix() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [3, 4, 20]), -0.7, 1.3)
    g.output(
      try g.add(MatMul(transposeA: false, transposeB: true), x, try g.int8Weights([3, 7, 20], scaleShape: [1, 7, 1])))
    try expectIntegers(g, sums: 1)
  }

  /// Flattened branches of different grids: each stretch of the row is summed apart.
  @Test func rowsMayHaveSeveralScales() throws {
    let g = GraphBuilder()
    let parts = [
      try g.fakeQuantize(try g.input("a", [2, 3, 2, 2]), -0.7, 1.3),
      try g.signed(try g.input("b", [2, 2, 2, 2]), reach: 0.5),
    ]
    let flat = try g.reshape(try g.concat(parts), [0, -1])
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), flat, try asymmetricWeights(g, [7, 20])))
    try expectIntegers(g, sums: 4)
  }

  /// Runs of channels that begin and end anywhere, not only where vectors do.
  @Test(arguments: [3, 8, 13])
  func channelsMayHaveTwoScales(_ first: Int) throws {
    let g = GraphBuilder()
    let highs = (0..<20).map { $0 < first ? 1 : 2.5 }
    let x = try g.fakeQuantize(
      try g.input("x", [2, 20, 6, 6]), low: highs.map { -$0 * 0.37 }, high: highs)
    g.output(try g.int8Convolution(x, inputs: 20, outputs: 7))
    try expectIntegers(g, sums: 2)
  }

  /// Concatenated branches keep their own grids; the convolution behind sums each on its own.
  @Test func branchesOfDifferentGridsAreSummedApart() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let parts = try [1.0, 0.618, 2.2].map { reach in
      try g.signed(try g.int8Convolution(x, inputs: 8, outputs: 6), reach: reach)
    }
    g.output(try g.int8Convolution(try g.concat(parts), inputs: 18, outputs: 5))
    try expectIntegers(g, sums: 6)
  }

  /// Groups that begin and end elsewhere than scales do see every channel, most of them with weights of 0.
  @Test(arguments: [0, 1])
  func groupsMayHaveTwoScales(_ pads: Int) throws {
    let g = GraphBuilder()
    let highs = (0..<12).map { $0 < 5 ? 1 : 2.5 }
    let x = try g.fakeQuantize(try g.input("x", [2, 12, 6, 6]), low: highs.map { -$0 * 0.37 }, high: highs)
    g.output(try g.convolution(x, try asymmetricWeights(g, [2, 3, 6, 3, 3]), pads: pads, grouped: true))
    try expectIntegers(g, sums: 4)
  }

  @Test func transposedConvolutionsSumBranchesApart() throws {
    let g = GraphBuilder()
    let parts = try [("a", 3, -0.7), ("b", 5, -0.4)].map { name, channels, low in
      try g.fakeQuantize(try g.input(name, [2, .fixed(channels), 4, 5]), low, 1.3)
    }
    let window = try SpatialWindow(strides: [2, 2], dilations: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
    let deconvolution = try Deconvolution(window: window, isGrouped: false, outputPadding: [0, 0])
    let weights = try g.int8Weights([8, 6, 3, 3], scaleShape: [1, 6, 1, 1])
    g.output(try g.bias(try g.add(deconvolution, try g.concat(parts), weights), channels: 6))
    try expectIntegers(g, sums: 2)
  }

  @Test func transposedDepthwiseConvolutionsHaveAZeroPointPerChannel() throws {
    let g = GraphBuilder()
    let lows = [-0.7, 0, -1, -0.2, -0.4, -0.9]
    let x = try g.fakeQuantize(try g.input("x", [2, 6, 4, 5]), low: lows, high: lows.map { $0 + 1.3 })
    let window = try SpatialWindow(strides: [2, 2], dilations: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
    let deconvolution = try Deconvolution(window: window, isGrouped: true, outputPadding: [1, 1])
    g.output(try g.add(deconvolution, x, try g.int8Weights([6, 1, 1, 3, 3])))
    try expectIntegers(g, sums: 1)
  }

  @Test func everyBatchAndColumnMayHaveItsScale() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [3, 4, 20]), -0.7, 1.3)
    let weights = try g.int8Weights([3, 7, 20], scaleShape: [3, 7, 1])
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), x, weights))
    try expectIntegers(g, sums: 1)
  }

  /// The kernel subtracts one byte from all rows; the rest of each zero point times the sums of the weights is known.
  @Test(arguments: [false, true])
  func everyRowMayHaveItsScale(_ isAsymmetric: Bool) throws {
    let g = GraphBuilder()
    let lows = [-0.7, -0.1, -1.2]
    let x = try g.fakeQuantize(try g.input("x", [2, 3, 20]), low: lows, high: lows.map { $0 + 1.7 }, rank: 3)
    let weights = isAsymmetric ? try asymmetricWeights(g, [7, 20]) : try g.int8Weights([7, 20])
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), x, weights))
    try expectIntegers(g, sums: isAsymmetric ? 2 : 1)
  }

  @Test func rowsAndColumnsOfActivationsMayHaveTheirScales() throws {
    let g = GraphBuilder()
    let lows = [-0.7, -0.1, -1.2]
    let a = try g.fakeQuantize(try g.input("a", [2, 3, 20]), low: lows, high: lows.map { $0 + 1.7 }, rank: 3)
    let b = try g.fakeQuantize(try g.input("b", [2, 3, 20]), low: lows, high: lows.map { $0 + 2.1 }, rank: 3)
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), a, b))
    try expectIntegers(g, sums: 3)
  }

  @Test(arguments: [([20], [2, 20, 6]), ([2, 5, 20], [20])] as [(PartialShape, PartialShape)])
  func vectorsAreMatrices(_ left: PartialShape, _ right: PartialShape) throws {
    let g = GraphBuilder()
    let a = try g.signed(try g.input("a", left), reach: 1), b = try g.signed(try g.input("b", right), reach: 1)
    g.output(try g.add(MatMul(transposeA: false, transposeB: false), a, b))
    try expectIntegers(g, sums: 1)
  }

  @Test func functionsBetweenTwoStepsAreSumsOfGrids() throws {
    let g = GraphBuilder()
    let x = try g.add(ReLU(), try g.fakeQuantize(try g.input("x", [2, 5, 7, 6]), -0.7, 1.3))
    g.output(try g.int8Convolution(x, inputs: 5, outputs: 9))
    try expectIntegers(g, sums: 2)
  }

  @Test func openImageSizesStayExactWithAnyZeroPoint() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [1, 4, .dynamic, .dynamic]), -0.7, 1.3)
    g.output(try g.int8Convolution(x, inputs: 4, outputs: 4))
    var random = SeededRandom(seed: 1)
    for extents in [[5, 5], [1, 9]] {
      try expectExecutionMatchesMeaning(
        g.graph, tolerance: tolerance, inputs: [random.tensor(.f32, Shape(valid: [1, 4] + extents))])
    }
  }
}
