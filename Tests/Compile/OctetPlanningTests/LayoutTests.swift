import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Memory layouts, aliases, and the ways in which values become outputs.
@Suite struct LayoutTests {
  private let tolerance = Tolerance(step: 0.1)

  private func kernels(_ graph: Graph) throws -> [String] { try ModelCompiler().layers(of: graph).map(\.operatorName) }

  @Test func transposesAroundAConvolutionCostNothing() throws {
    let g = GraphBuilder()
    let x = try g.transpose(try g.input("x", [1, 6, 6, 8]), [0, 3, 1, 2])
    let y = try g.int8Convolution(try g.signed(x, reach: 1), inputs: 8, outputs: 16)
    let quantized = try g.int8Convolution(try g.signed(y, reach: 2), inputs: 16, outputs: 4)
    g.output(try g.transpose(quantized, [0, 2, 3, 1]))
    #expect(try !kernels(g.graph).contains { $0 == "Reorder" || $0 == "Transpose" })
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test(arguments: [[0, 3, 1, 2], [0, 2, 3, 1], [3, 2, 1, 0], [1, 0, 2, 3], [0, 1, 3, 2]])
  func transposesOfInputsBecomeOutputs(_ order: [Int]) throws {
    let g = GraphBuilder()
    g.output(try g.transpose(try g.input("x", [2, 3, 4, 5]), order))
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func anOutputMayAlsoBeConsumed() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 4, 4])
    let a = try g.add(Sigmoid(), x)
    let b = try g.add(Negative(), a)
    g.output(a, "a")
    g.output(try g.add(SoftMax(axis: 1), b), "b")
    g.output(b, "c")
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func anInputMayBeAnOutput() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3, 4, 5])
    g.output(x, "same")
    g.output(try g.add(Negative(), x), "negative")
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func oneValueMayBeTwoOutputs() throws {
    let g = GraphBuilder()
    let y = try g.add(Negative(), try g.input("x", [2, 3]))
    g.output(y, "one")
    g.output(y, "two")
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func constantsMayBeOutputs() throws {
    let g = GraphBuilder()
    g.output(try g.add(Negative(), try g.input("x", [2])), "y")
    g.output(try g.randomConstant([2, 3]), "constant")
    g.output(try g.reshape(try g.constant([1, 2, 3, 4], [2, 2], .i64), [4]), "reshaped")
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func reshapesOfInputsAndResultsBecomeOutputs() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3, 4])
    g.output(try g.reshape(x, [6, 4]), "input")
    let y = try g.add(Negative(), x)
    g.output(try g.reshape(y, [24]), "flat")
    g.output(try g.reshape(y, [4, 6]), "other")
    g.output(y, "itself")
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  @Test func squeezesAndUnsqueezesAreAliases() throws {
    let g = GraphBuilder()
    let x = try g.add(Negative(), try g.input("x", [2, 1, 3]))
    let squeezed = try g.add(Squeeze(), x, try g.integers([1]))
    let unsqueezed = try g.add(Unsqueeze(), squeezed, try g.integers([0]))
    g.output(try g.add(Sigmoid(), unsqueezed))
    #expect(try kernels(g.graph) == ["Negative", "Sigmoid"])
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }

  /// The classifier's end: channels last in memory, row-major in meaning.
  @Test func flatteningAnImageChangesItsLayoutFirst() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 4, 4]), reach: 1)
    let features = try g.fakeQuantize(try g.int8Convolution(x, inputs: 8, outputs: 6), 0, 1)
    let flat = try g.reshape(features, [0, 96])
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), flat, try g.int8Weights([5, 96])))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
    #expect(try ModelCompiler().layers(of: g.graph).count { $0.macs > 0 && $0.precision == "int8" } == 2)
  }

  @Test func everyBatchIsComputedLikeItsImages() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [.dynamic, 4, 6, 6]), reach: 1)
    let y = try g.fakeQuantize(try g.int8Convolution(x, inputs: 4, outputs: 8), 0, 1)
    g.output(try g.add(SoftMax(axis: 1), try g.mean(y, keepsAxes: false)))
    var random = SeededRandom(seed: 2)
    let images = (0..<3).map { _ in random.tensor(.f32, [1, 4, 6, 6]) }
    let batch = Tensor(.f32, [3, 4, 6, 6], elements: images.flatMap { $0.elements(as: Float.self) })
    let together = try execute(g.graph, [batch])[0]
    let apart = try images.flatMap { try execute(g.graph, [$0])[0].bytes }
    #expect(together.bytes == apart)
    try expectExecutionMatchesMeaning(g.graph, tolerance: tolerance, inputs: [batch])
  }

  @Test func anEmptyBatchGivesEmptyOutputs() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [.dynamic, 4, 6, 6]), reach: 1)
    let y = try g.fakeQuantize(try g.int8Convolution(x, inputs: 4, outputs: 8), 0, 1)
    g.output(try g.add(SoftMax(axis: 1), try g.reshape(try g.maxPool(y, 6), [-1, 8])))
    let results = try execute(g.graph, [Tensor(.f32, [0, 4, 6, 6])])
    #expect(results.map(\.shape) == [[0, 8]])
  }
}
