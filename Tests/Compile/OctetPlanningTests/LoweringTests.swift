import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Every operator that has a kernel, against its meaning, on every instruction set, with one thread and two.
@Suite struct LoweringTests {
  private let tolerance = Tolerance(step: 0.1)

  /// Expects what a graph means, from kernels: a reference primitive would prove nothing.
  private func expectKernels(_ g: GraphBuilder, bitExact: Bool = true, _ location: SourceLocation = #_sourceLocation)
    throws
  {
    let kernels = try ModelCompiler().layers(of: g.graph, g.graph.randomInputs(seed: 1).map(\.shape)).map(\.kernel)
    #expect(!kernels.contains("reference"), "\(kernels)", sourceLocation: location)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance, bitExact: bitExact, location)
  }

  private func int8Layers(_ g: GraphBuilder) throws -> Int {
    try ModelCompiler().layers(of: g.graph).count { $0.precision == "int8" && $0.macs > 0 }
  }

  // MARK: - Convolutions

  @Test(arguments: [1, 3], [(1, 1), (2, 1), (1, 2)])
  func quantizedConvolutions(_ batch: Int, _ step: (stride: Int, dilation: Int)) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [.fixed(batch), 7, 9, 8]), reach: 1)
    let weights = try g.int8Weights([13, 7, 3, 3])
    let y = try g.convolution(x, weights, strides: step.stride, pads: 1, dilations: step.dilation)
    g.output(try g.bias(y, channels: 13))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g)
  }

  @Test(arguments: [1, 2, 3])
  func quantizedConvolutionsOfEveryRank(_ rank: Int) throws {
    let g = GraphBuilder()
    let spatial = [Dimension](repeating: 5, count: rank)
    let x = try g.fakeQuantize(try g.input("x", PartialShape([2, 4] + spatial)), 0, 1)
    let weights = try g.int8Weights(Shape(valid: [6, 4] + [Int](repeating: 2, count: rank)))
    g.output(try g.convolution(x, weights, rank: rank, pads: 1))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g)
  }

  /// Without padding no zero point is too odd: what the kernel cannot subtract becomes a shift.
  @Test(arguments: [(-0.7, 1.3), (0.5, 2.0), (-3.0, -1.0)])
  func anyZeroPointIsExactWithoutPadding(_ range: (low: Double, high: Double)) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [1, 8, 5, 5]), range.low, range.high)
    g.output(try g.int8Convolution(x, inputs: 8, outputs: 8, pads: 0))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g)
  }

  @Test func groupedConvolutions() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 12, 6, 6]), reach: 1)
    let weights = try g.int8Weights([3, 5, 4, 3, 3], scaleShape: [3, 5, 1, 1, 1])
    g.output(try g.bias(try g.convolution(x, weights, pads: 1, grouped: true), channels: 15))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g)
  }

  @Test(arguments: [1, 2])
  func depthwiseConvolutionsWithARangePerChannel(_ strides: Int) throws {
    let g = GraphBuilder()
    let highs = (0..<10).map { 0.5 + Double($0) / 9 }
    let x = try g.fakeQuantize(
      try g.input("x", [2, 10, 7, 7]), low: highs.map { -$0 * 128 / 127 }, high: highs)
    g.output(try g.depthwise(x, channels: 10, strides: strides))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g)
  }

  @Test func floatConvolutions() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 5, 7, 7])
    let y = try g.convolution(x, try g.randomConstant([9, 5, 3, 3]), strides: 2, pads: 1)
    g.output(try g.add(ReLU(), try g.bias(y, channels: 9)))
    #expect(try int8Layers(g) == 0)
    try expectKernels(g, bitExact: false)
  }

  // MARK: - Matrix products

  @Test(arguments: [1, 3])
  func floatMatrixProducts(_ batch: Int) throws {
    let g = GraphBuilder()
    let x = try g.input("x", [.fixed(batch), 4, 10])
    g.output(try g.add(MatMul(transposeA: false, transposeB: false), x, try g.randomConstant([10, 7])))
    try expectKernels(g, bitExact: false)
  }

  @Test func matrixProductsOfTwoActivationsRun() throws {
    let g = GraphBuilder()
    let (a, b) = (try g.input("a", [2, 3, 4, 5]), try g.input("b", [3, 6, 5]))
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), a, b))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  /// Zero points that are integers, that are not, and that no byte holds.
  @Test(arguments: [(-1.0, 127.0 / 128), (-0.7, 1.3), (0.5, 2.0)], [(false, true), (true, false)])
  func quantizedProductsOfTwoActivations(
    _ range: (low: Double, high: Double), _ transposed: (a: Bool, b: Bool)
  ) throws {
    let g = GraphBuilder()
    let a = try g.fakeQuantize(try g.input("a", transposed.a ? [2, 3, 9, 5] : [2, 3, 5, 9]), range.low, range.high)
    let b = try g.fakeQuantize(try g.input("b", transposed.b ? [2, 3, 21, 9] : [2, 3, 9, 21]), -0.4, 0.9)
    let y = try g.add(MatMul(transposeA: transposed.a, transposeB: transposed.b), a, b)
    g.output(try g.signed(try g.add(ReLU(), y), reach: 3))
    #expect(try int8Layers(g) >= 1)
    try expectKernels(g)
  }

  @Test func productsOfTwoActivationsFuseWhatFollows() throws {
    let g = GraphBuilder()
    let a = try g.signed(try g.input("a", [2, 4, 8]), reach: 1)
    let b = try g.fakeQuantize(try g.input("b", [1, 16, 8]), 0, 1)
    let y = try g.add(MatMul(transposeA: false, transposeB: true), a, b)
    let sum = try g.fakeQuantize(try g.add(Add(), y, try g.input("c", [2, 4, 16])), 0, 4)
    g.output(sum)
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.contains { $0.operatorName == "MatMul" && $0.precision == "int8" && $0.fused.count >= 2 })
    try expectKernels(g)
  }

  // MARK: - Pooling

  @Test(arguments: [1, 3])
  func maximaOfIntegers(_ batch: Int) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [.fixed(batch), 6, 9, 9]), reach: 1)
    let pooled = try g.maxPool(x, 3, strides: 2, pads: 1)
    g.output(try g.int8Convolution(pooled, inputs: 6, outputs: 4, kernel: 1))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g)
  }

  @Test(arguments: [true, false], [SpatialWindow.Rounding.floor, .ceil])
  func averagesOfIntegers(_ excludesPadding: Bool, _ rounding: SpatialWindow.Rounding) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 6, 8, 8]), reach: 1)
    let window = try g.pooling(3, strides: 2, pads: 1, rounding: rounding)
    let average = try g.add(AvgPool(pooling: window, excludesPadding: excludesPadding), x)
    let quantized = try g.signed(average, reach: 0.618)
    g.output(try g.int8Convolution(quantized, inputs: 6, outputs: 4, kernel: 1))
    try expectKernels(g)
  }

  @Test(arguments: [true, false])
  func meansOverTheImage(_ keepsAxes: Bool) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 6, 5, 7]), reach: 1)
    g.output(try g.mean(x, keepsAxes: keepsAxes))
    try expectKernels(g)
  }

  // MARK: - Elements

  @Test(
    arguments: [
      Add() as any Operator, Subtract(), Multiply(), Divide(), Maximum(), Minimum(), SquaredDifference(),
    ].map(NamedOperator.init))
  func binaryOperatorsBroadcast(_ named: NamedOperator) throws {
    let shapes: [(PartialShape, PartialShape)] = [
      ([2, 3, 4, 5], [2, 3, 4, 5]), ([2, 3, 4, 5], [3, 1, 1]), ([2, 1, 4, 1], [2, 3, 1, 5]), ([5], [4, 5]),
    ]
    for (left, right) in shapes {
      let g = GraphBuilder()
      let (a, b) = (try g.input("a", left), try g.input("b", right))
      g.output(try g.add(named.op, a, b))
      let inputs = g.graph.randomInputs(seed: 9, in: 0.5...2)
      try expectExecutionMatchesMeaningEverywhere(g.graph, inputs: inputs)
      #expect(try !ModelCompiler().layers(of: g.graph).map(\.kernel).contains("reference"))
    }
  }

  @Test func additionsReadIntegers() throws {
    let g = GraphBuilder()
    let a = try g.signed(try g.input("a", [2, 8, 5, 5]), reach: 1)
    let b = try g.fakeQuantize(try g.input("b", [2, 8, 5, 5]), 0, 1.618)
    let sum = try g.fakeQuantize(try g.add(ReLU(), try g.add(Add(), a, b)), 0, 2)
    g.output(try g.int8Convolution(sum, inputs: 8, outputs: 8, kernel: 1))
    try expectKernels(g)
  }

  @Test(
    arguments: [
      ReLU() as any Operator, Sigmoid(), Tanh(), Exp(), HSwish(), HSigmoid(), SoftPlus(), Mish(),
      Gelu(approximation: .erf), Gelu(approximation: .tanh),
    ].map(NamedOperator.init))
  func unaryOperatorsAreCloseToTheirMeaning(_ named: NamedOperator) throws {
    let g = GraphBuilder()
    g.output(try g.add(named.op, try g.input("x", [2, 3, 4, 5])))
    let inputs = g.graph.randomInputs(seed: 5, in: -6...6)
    try expectExecutionMatchesMeaningEverywhere(g.graph, inputs: inputs, bitExact: false)
  }

  @Test(arguments: [0, 1, 3])
  func softmaxAlongAnyAxis(_ axis: Int) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 5, 3, 6]), reach: 1)
    g.output(try g.add(SoftMax(axis: axis), x))
    try expectKernels(g)
  }

  @Test func tablesReplaceFunctionsOfIntegers() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 5, 5]), reach: 4)
    let y = try g.fakeQuantize(try g.add(Sigmoid(), x), 0, 1)
    g.output(try g.int8Convolution(y, inputs: 8, outputs: 8, kernel: 1))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(!layers.contains { $0.operatorName == "Sigmoid" && $0.precision == "f32" })
    try expectKernels(g)
  }

  // MARK: - What is decomposed, and normalizations

  @Test(arguments: [false, true])
  func attention(_ isCausal: Bool) throws {
    let g = GraphBuilder()
    let operands = try ["q", "k", "v"].map { try g.signed(try g.input($0, [2, 3, 5, 8]), reach: 1) }
    g.output(Value(try g.addNode(ScaledDotProductAttention(isCausal: isCausal), operands)))
    #expect(try int8Layers(g) == 1)
    try expectKernels(g, bitExact: false)
  }

  @Test func batchesThatStretchEachOther() throws {
    let g = GraphBuilder()
    let a = try g.input("a", [2, 1, 3, 8]), b = try g.input("b", [1, 5, 8, 6])
    let product = MatMul(transposeA: false, transposeB: false)
    g.output(try g.add(product, a, b), "f32")
    g.output(try g.add(product, try g.signed(a, reach: 1), try g.signed(b, reach: 1)), "int8")
    #expect(try int8Layers(g) == 1)
    try expectKernels(g, bitExact: false)
  }

  @Test func namedAxes() throws {
    let g = GraphBuilder()
    let q = try g.input("q", [2, 4, 3, 8]), k = try g.input("k", [2, 6, 3, 8])
    g.output(Value(try g.addNode(Einsum(equation: "bqhd,bkhd->bhqk"), [q, k])))
    try expectKernels(g, bitExact: false)
  }

  @Test func quantizersOfManyLevels() throws {
    let g = GraphBuilder()
    let x = try g.convolution(try g.input("x", [1, 3, 6, 6]), try g.randomConstant([5, 3, 3, 3]))
    g.output(try g.fakeQuantize(x, -1, 1.5, levels: 65536), "many")
    let positions = try g.constant((1...4).map { Double($0) / 4 }, [1, 1, 4, 1])
    let negative = try g.constant((1...4).map { -Double($0) / 3 }, [1, 1, 4, 1])
    g.output(try g.add(FakeQuantize(levels: 256), x, negative, positions, negative, positions), "positions")
    try expectKernels(g, bitExact: false)
  }

  @Test(arguments: [[2, 6, 4, 5], [1, 6, 7]] as [Shape])
  func groups(_ shape: Shape) throws {
    let g = GraphBuilder()
    let x = try g.input("x", PartialShape(shape))
    let norm = try GroupNormalization(groups: 3, epsilon: 1e-3)
    g.output(try g.add(Swish(), try g.add(norm, x, try g.randomConstant([6]), try g.randomConstant([6]))))
    try expectKernels(g)
  }

  @Test(arguments: [3, 4, 5])
  func neighbouringChannels(_ size: Int) throws {
    let g = GraphBuilder()
    let norm = try LRN(alpha: 0.5, beta: 0.75, bias: 1.5, size: size)
    g.output(try g.add(norm, try g.input("x", [2, 9, 4, 5]), try g.integers([1])))
    try expectKernels(g)
  }

  /// In planar memory, with channels last, and with a slope for each channel or one for all.
  @Test(arguments: [false, true], [7, 1])
  func slopes(_ isChannelsLast: Bool, _ count: Int) throws {
    let g = GraphBuilder()
    var x = try g.input("x", [2, 7, 4, 5])
    // A pooling in between, so that no epilogue takes it.
    if isChannelsLast {
      x = try g.maxPool(try g.convolution(x, try g.randomConstant([7, 7, 3, 3])), 2)
    }
    g.output(try g.add(PReLU(), x, try g.randomConstant([count])))
    try expectKernels(g, bitExact: !isChannelsLast)
  }

  @Test(arguments: [ElementType.u8, .i8])
  func numbersOfBytes(_ type: ElementType) throws {
    let g = GraphBuilder()
    g.output(try g.add(Convert(to: .f32), try g.input("x", [2, 7, 4, 5], type)))
    try expectKernels(g)
  }

  @Test func rootMeanSquares() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 5, 19])
    g.output(try g.add(RMS(epsilon: 1e-5), x, try g.randomConstant([19])), "scaled")
    g.output(try g.add(RMS(epsilon: 1e-5), x), "plain")
    try expectKernels(g)
  }

  @Test(arguments: [[1], [1, 2, 3], [3]], [NormalizeL2.EpsilonMode.add, .max])
  func lengths(_ axes: [Int], _ mode: NormalizeL2.EpsilonMode) throws {
    let g = GraphBuilder()
    let x = try g.convolution(try g.input("x", [2, 3, 6, 6]), try g.randomConstant([21, 3, 3, 3]))
    g.output(try g.add(NormalizeL2(epsilon: 1e-3, mode: mode), x, try g.integers(axes)))
    try expectKernels(g, bitExact: false)
  }

  @Test func normalizationOverChannels() throws {
    let g = GraphBuilder()
    let norm = try MVN(axes: .listed([1]), normalizesVariance: true, epsilon: 1e-5, epsilonPlace: .insideRoot)
    g.output(try g.add(norm, try g.input("x", [2, 21, 4, 5])))
    try expectKernels(g)
  }

  /// A block of a transformer: floats for the residual sum and bytes for the product beside it.
  @Test func aNormalizationGivesFloatsAndBytes() throws {
    let g = GraphBuilder()
    let norm = try MVN(axes: .listed([-1]), normalizesVariance: true, epsilon: 1e-5, epsilonPlace: .insideRoot)
    let x = try g.add(norm, try g.input("x", [2, 7, 35]))
    let scaled = try g.add(Multiply(), x, try g.randomConstant([1, 1, 35], in: 0.5...2))
    let weights = try g.int8Weights([19, 35])
    let product = try g.add(MatMul(transposeA: false, transposeB: true), try g.fakeQuantize(scaled, -4, 4), weights)
    g.output(try g.add(ReduceSum(keepsAxes: false), product, try g.integers([-1])), "sum")
    g.output(x, "residual")
    try expectExecutionMatchesMeaningEverywhere(
      g.graph, tolerance: Tolerance(rounding: 2e-5, step: 0.5, stepShare: 0.1))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.count { $0.kernel.hasPrefix("normalization_f32") } == 1)
    #expect(!layers.contains { $0.operatorName == "FakeQuantize" })
  }

  /// A residual sum that is quantized: the normalization behind it reads bytes.
  @Test(arguments: [EpsilonPlace.insideRoot, .outsideRoot], [true, false])
  func aNormalizationReadsBytes(_ place: EpsilonPlace, _ normalizesVariance: Bool) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 7, 35]), -1, 1.25)
    let norm = try MVN(axes: .listed([-1]), normalizesVariance: normalizesVariance, epsilon: 0.1, epsilonPlace: place)
    g.output(try g.add(norm, x))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(!layers.contains { $0.kernel.hasPrefix("dequantize") })
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(rounding: 1e-5, step: 0.1))
  }

  /// Scales, shifts and quantizers behind a normalization are part of its step.
  @Test(arguments: [true, false])
  func normalizationsTakeWhatFollows(_ isQuantized: Bool) throws {
    func ends(_ y: Value, _ parameters: Shape, _ g: GraphBuilder) throws -> Value {
      let scaled = try g.add(Multiply(), y, try g.randomConstant(parameters, in: 0.5...2))
      let shifted = try g.add(Add(), scaled, try g.randomConstant(parameters))
      return isQuantized ? try g.signed(shifted, reach: 2) : shifted
    }
    let g = GraphBuilder()
    let x = try g.input("x", [2, 5, 3, 19])
    for axes in [[3], [1], [2, 3]] {
      let norm = try MVN(
        axes: .listed(axes), normalizesVariance: true, epsilon: 1e-5, epsilonPlace: .insideRoot)
      g.output(try ends(try g.add(norm, x), axes == [3] ? [19] : (axes == [1] ? [5, 1, 1] : []), g), "mvn \(axes)")
    }
    g.output(try ends(try g.add(RMS(epsilon: 1e-5), x, try g.randomConstant([19])), [19], g), "rms")
    g.output(try ends(try g.add(NormalizeL2(epsilon: 1e-3, mode: .add), x, try g.integers([3])), [19], g), "length")
    let kernels = try ModelCompiler().layers(of: g.graph).map(\.kernel)
    let others = kernels.filter { !$0.hasPrefix("normalization_f32") && !$0.hasPrefix("reorder") }
    #expect(others.count == (isQuantized ? 5 : 0), "\(kernels)")
    try expectExecutionMatchesMeaningEverywhere(
      g.graph, tolerance: Tolerance(rounding: 1e-5, step: isQuantized ? 4.001 / 255 : 0, stepShare: 0.01))
  }

  @Test func sumsOfIntegers() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 7, 4, 5]), -0.7, 1.3)
    g.output(try g.add(ReduceSum(keepsAxes: true), x, try g.integers([2, 3])))
    try expectKernels(g)
  }
}

/// An operator as an argument of a test.
struct NamedOperator: CustomTestStringConvertible, Sendable {
  let op: any Operator
  var testDescription: String { op.attributes.isEmpty ? op.name : "\(op.name) \(op.attributes)" }
}
