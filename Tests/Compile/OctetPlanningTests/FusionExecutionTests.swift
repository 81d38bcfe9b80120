import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// What stands behind a convolution or a matrix product, fused or not.
@Suite struct FusionExecutionTests {
  private let tolerance = Tolerance(step: 0.1)

  private func convolution(
    _ g: GraphBuilder, _ x: Value, _ inputs: Int, _ outputs: Int
  ) throws -> Value {
    try g.bias(try g.convolution(x, try g.randomConstant(Shape(valid: [outputs, inputs, 1, 1]))), channels: outputs)
  }

  /// A gate of one pixel, as squeeze-and-excitation makes it, is broadcast over the image: it cannot be fused.
  @Test func aGateIsBroadcastOverTheImage() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 6, 6])
    let gate = try convolution(g, try g.mean(x), 8, 8)
    let clamped = try g.add(Clamp(minimum: 0, maximum: 6), gate)
    g.output(try g.add(Multiply(), x, clamped))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  @Test func aQuantizedGateIsBroadcastOverTheImage() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let squeezed = try g.signed(try g.mean(x), reach: 1)
    let excited = try g.int8Convolution(squeezed, inputs: 8, outputs: 8, kernel: 1)
    let gate = try g.fakeQuantize(try g.add(Clamp(minimum: 0, maximum: 1), excited), 0, 1)
    let gated = try g.signed(try g.add(Multiply(), x, gate), reach: 1)
    g.output(try g.int8Convolution(gated, inputs: 8, outputs: 8))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func openShapesThatTurnOutToBroadcastAreRight() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 8, .dynamic, .dynamic])
    let z = try g.input("z", [1, 8, .dynamic, .dynamic])
    g.output(try g.add(Add(), try convolution(g, x, 8, 8), z))
    var random = SeededRandom(seed: 1)
    for (first, second) in [([1, 1], [4, 4]), ([4, 4], [1, 1]), ([4, 4], [4, 4])] {
      let inputs = [first, second].map { random.tensor(.f32, Shape(valid: [1, 8] + $0)) }
      try expectExecutionMatchesMeaning(g.graph, inputs: inputs)
    }
  }

  @Test func aConstantThatAddsAnAxisIsNotFused() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 6, 6])
    g.output(try g.add(Multiply(), try convolution(g, x, 8, 8), try g.constant([2], [1, 1, 1, 1, 1])))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  @Test func aResidualMayBeReadAgain() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let branch = try g.signed(try g.int8Convolution(x, inputs: 8, outputs: 8), reach: 1.618)
    let sum = try g.add(ReLU(), try g.add(Add(), branch, x))
    let quantized = try g.fakeQuantize(sum, 0, 2)
    g.output(try g.int8Convolution(quantized, inputs: 8, outputs: 8), "y")
    g.output(branch, "branch")
    g.output(sum, "sum")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  /// A dense block: what was joined is normalized per channel and quantized anew for each convolution.
  @Test(arguments: [[1, 2, 0.5, -1], [1, 2, 0, 3]])
  func aNormalizationOfJoinedGridsIsOneStep(_ scales: [Double]) throws {
    let g = GraphBuilder()
    let a = try g.signed(try g.input("a", [2, 2, 6, 6]), reach: 1)
    let b = try g.fakeQuantize(try g.input("b", [2, 2, 6, 6]), -0.3, 2)
    let scaled = try g.add(Multiply(), try g.concat([a, b]), try g.constant(scales, [1, 4, 1, 1]))
    let normalized = try g.add(Add(), scaled, try g.constant([0.1, -0.2, 0.3, 5], [1, 4, 1, 1]))
    let quantized = try g.fakeQuantize(try g.add(ReLU(), normalized), 0, 4)
    g.output(try g.int8Convolution(quantized, inputs: 4, outputs: 8))
    let isOneStep = try ModelCompiler().layers(of: g.graph).contains { $0.kernel.hasPrefix("requantize_u8") }
    #expect(isOneStep)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func aNormalizationWithoutAQuantizerIsOneStepToo() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [2, 5, 6, 6]), -0.3, 2)
    let pooled = try g.add(Multiply(), try g.maxPool(x, 2), try g.constant([1, 2, 3, -1, 9], [1, 5, 1, 1]))
    g.output(try g.add(Clamp(minimum: 0, maximum: 6), try g.add(Add(), pooled, try g.scalar(-0.25))))
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  /// Padding stands for 0, wherever that is on the moved grid.
  @Test(arguments: [-300.0, -1, 0.3, 50])
  func aShiftedGridIsPaddedWithZero(_ shift: Double) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 4, 6, 6]), reach: 1)
    g.output(try g.int8Convolution(try g.add(Add(), x, try g.scalar(shift)), inputs: 4, outputs: 8))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func everyKindOfEpilogueMayFollowAConvolution() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let z = try g.input("z", [2, 16, 6, 6])
    let other = try g.input("other", [2, 16, 6, 6])
    var y = try g.int8Convolution(x, inputs: 8, outputs: 16)
    y = try g.add(PReLU(), y, try g.randomConstant([16]))
    y = try g.add(Multiply(), y, z)
    y = try g.add(Subtract(), other, y)
    y = try g.add(Divide(), y, try g.scalar(3))
    y = try g.signed(y, reach: 1)
    g.output(try g.int8Convolution(y, inputs: 16, outputs: 4))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test(arguments: [true, false])
  func anAverageMayBeFollowedByAnActivation(_ slides: Bool) throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 6, 6])
    let average = slides ? try g.averagePool(x, 3, strides: 2) : try g.mean(x)
    g.output(try g.add(ReLU(), average))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
    #expect(try !ModelCompiler().layers(of: g.graph).map(\.kernel).contains("reference"))
  }

  @Test(arguments: [false, true])
  func aMatrixProductTakesItsEpilogue(_ transposed: Bool) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [3, 5, 24]), -0.7, 1.3)
    let weights = try g.int8Weights(transposed ? [10, 24] : [24, 10], scaleShape: transposed ? [10, 1] : [1, 10])
    var y = try g.add(MatMul(transposeA: false, transposeB: transposed), x, weights)
    y = try g.add(Add(), y, try g.randomConstant([10]))
    y = try g.fakeQuantize(try g.add(ReLU(), y), 0, 1)
    let second = try g.int8Weights([6, 10], scaleShape: [6, 1])
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), y, second))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
    #expect(try ModelCompiler().layers(of: g.graph).count { $0.precision == "int8" && $0.macs > 0 } == 2)
  }
}
