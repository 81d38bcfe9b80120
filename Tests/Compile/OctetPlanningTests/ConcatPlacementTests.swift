import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Concatenations that their parts are written into, and everything that may come between.
@Suite struct ConcatPlacementTests {
  private let tolerance = Tolerance(step: 0.1)

  /// u8, from a quantized input.
  private func branch(_ g: GraphBuilder, _ x: Value, _ inputs: Int, _ outputs: Int) throws -> Value {
    let y = try g.int8Convolution(x, inputs: inputs, outputs: outputs)
    return try g.fakeQuantize(try g.add(ReLU(), y), 0, 2)
  }

  private func reorders(_ graph: Graph) throws -> Int {
    try ModelCompiler().layers(of: graph).count { $0.operatorName == "Reorder" || $0.operatorName == "Concat" }
  }

  @Test func convolutionsWriteIntoTheirConcatenation() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let joined = try g.concat([try branch(g, x, 8, 16), try branch(g, x, 8, 8)])
    g.output(try g.int8Convolution(joined, inputs: 24, outputs: 8))
    #expect(try reorders(g.graph) == 1, "only the output changes its layout")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func nestedConcatenationsAreOneTensor() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 8, 6, 6]), reach: 1)
    let inner = try g.concat([try branch(g, x, 8, 8), try branch(g, x, 8, 24)])
    let outer = try g.concat([try branch(g, x, 8, 16), inner, try branch(g, x, 8, 8)])
    g.output(try g.int8Convolution(outer, inputs: 56, outputs: 8))
    #expect(try reorders(g.graph) == 1)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func aPartMayAlsoBeReadElsewhere() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let shared = try branch(g, x, 8, 16)
    let joined = try g.concat([try branch(g, x, 8, 8), shared])
    g.output(try g.int8Convolution(joined, inputs: 24, outputs: 8), "joined")
    g.output(try g.int8Convolution(shared, inputs: 16, outputs: 8), "shared")
    g.output(try g.maxPool(shared, 2), "pooled")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func aPartMayStandInTwoConcatenations() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 8, 6, 6]), reach: 1)
    let (a, b) = (try branch(g, x, 8, 8), try branch(g, x, 8, 8))
    g.output(try g.int8Convolution(try g.concat([a, b, a]), inputs: 24, outputs: 8), "twice")
    g.output(try g.int8Convolution(try g.concat([b, a]), inputs: 16, outputs: 8), "other")
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func anInputMayBeAPart() throws {
    let g = GraphBuilder()
    let bytes = try g.input("bytes", [1, 4, 6, 6], .u8)
    let x = try g.fakeQuantize(try g.input("x", [1, 8, 6, 6]), 0, 255)
    let joined = try g.concat([try g.add(Convert(to: .f32), bytes), try branch(g, x, 8, 8)])
    g.output(joined)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  /// The parts are in one region: whoever takes that for an output's memory must not forget where they begin.
  @Test func aConcatenationOfSinglePixelsMayBecomeAnOutput() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 8, 1, 1])
    func head(_ outputs: Int) throws -> Value {
      let weights = try g.randomConstant(Shape(valid: [outputs, 8, 1, 1]))
      return try g.bias(try g.convolution(x, weights), channels: outputs)
    }
    g.output(try g.reshape(try g.concat([try head(3), try head(5)]), [1, 8]))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  /// One channel inside a concatenation has gaps, whatever its shape says about layouts.
  @Test func oneChannelInsideAConcatenationMayBroadcast() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 4, 4])
    func head(_ outputs: Int) throws -> Value {
      let weights = try g.randomConstant(Shape(valid: [outputs, 8, 1, 1]))
      return try g.bias(try g.convolution(x, weights), channels: outputs)
    }
    let mask = try head(1)
    g.output(try g.concat([mask, try head(7)]), "joined")
    g.output(try g.add(Maximum(), try head(8), mask), "masked")
    g.output(try g.add(SoftMax(axis: 1), mask), "planar")
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  @Test func aPlanarPartIsCopiedIntoPlace() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 4, 4])
    let weights = try g.randomConstant([8, 8, 1, 1])
    let convolved = try g.bias(try g.convolution(x, weights), channels: 8)
    let planar = try g.add(SoftMax(axis: 3), x)
    g.output(try g.concat([planar, convolved, planar]))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  @Test func partsMayBeReshapes() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 4, 4])
    let weights = try g.randomConstant([8, 8, 1, 1])
    let convolved = try g.bias(try g.convolution(x, weights), channels: 8)
    let reshaped = try g.reshape(try g.input("z", [2, 128]), [2, 8, 4, 4])
    g.output(try g.concat([reshaped, convolved]))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  @Test func partsMayBeTransposesIntoChannelsFirst() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 8, 4, 4])
    let weights = try g.randomConstant([8, 8, 1, 1])
    let convolved = try g.bias(try g.convolution(x, weights), channels: 8)
    let transposed = try g.transpose(try g.input("z", [2, 4, 4, 6]), [0, 3, 1, 2])
    g.output(try g.concat([convolved, transposed]))
    try expectExecutionMatchesMeaningEverywhere(g.graph, bitExact: false)
  }

  @Test(arguments: [0, 2, 3, -1])
  func otherAxesAreCopied(_ axis: Int) throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 8, 6, 6]), reach: 1)
    let joined = try g.concat([try branch(g, x, 8, 8), try branch(g, x, 8, 8)], axis: axis)
    g.output(try g.int8Convolution(joined, inputs: 8, outputs: 8))
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }

  @Test func constantsMayBeParts() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 8, 4, 4]), reach: 1)
    let joined = try g.concat([try g.randomConstant([1, 2, 4, 4]), try branch(g, x, 8, 6)])
    g.output(joined)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance)
  }
}
