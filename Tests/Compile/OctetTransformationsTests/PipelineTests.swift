import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

/// The whole way from FakeQuantize to fused integers: same meaning, and the layers that ought to run on integers do.
@Suite struct PipelineTests {
  private func transformed(_ graph: Graph) throws -> Graph {
    var graph = graph
    try PassPipeline.common.run(on: &graph)
    try PassPipeline.lowPrecision.run(on: &graph)
    try PassPipeline.fusion.run(on: &graph)
    return graph
  }

  /// Reasons by the layers that have one.
  private func reasons(_ graph: Graph) throws -> [String: String] {
    let graph = try transformed(graph)
    return graph.topologicalOrder.map(graph.node).reduce(into: [:]) { $0[$1.name] = $1.reason }
  }

  private func integerSums(_ graph: Graph) -> Int {
    graph.topologicalOrder.map(graph.node).count { node in
      node.op.macs(graph.operands(of: node), node.types) > 0 && graph.type(of: node.operands[0]).elementType == .u8
    }
  }

  @Test func aConvolutionWithEverythingBehindItIsOneNode() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [1, 4, 6, 6]), 0, 2.55)
    let y = try g.add(ReLU(), try g.int8Convolution(x, inputs: 4, outputs: 3, pads: 0))
    let z = try g.int8Convolution(try g.fakeQuantize(y, 0, 2.55), inputs: 3, outputs: 2, pads: 0)
    g.output(z)
    let graph = try transformed(g.graph)
    let scale = "f32[1, 3, 1, 1]"
    #expect(
      graph.dump == """
        x: f32[1, 4, 6, 6]
        %1 = Quantize(x) 0.0…2.55 levels 256: u8[1, 4, 6, 6]
        %2 = Fused(%1, i8[3, 4, 3, 3], \(scale), \(scale)) \
        Convolution → Multiply → Add → ReLU → Quantize(0.0…2.55 levels 256): u8[1, 3, 4, 4]
        %3 = Fused(%2, i8[2, 3, 3, 3], f32[1, 2, 1, 1], f32[1, 2, 1, 1]) \
        Convolution → Multiply → Add: f32[1, 2, 2, 2]
        y = %3
        """)
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5, inputs: 0...2)
  }

  @Test func aResidualBlockReadsIntegersAndRoundsNowhereElse() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 4, 5, 5]), reach: 1)
    let branch = try g.signed(try g.int8Convolution(x, inputs: 4, outputs: 4), reach: 1.618)
    let sum = try g.fakeQuantize(try g.add(ReLU(), try g.add(Add(), branch, x)), 0, 2)
    g.output(try g.int8Convolution(sum, inputs: 4, outputs: 4))
    let graph = try transformed(g.graph)
    #expect(integerSums(graph) == 2)
    #expect(graph.topologicalOrder.map { graph.node($0).op.name }.filter { $0 == "Fused" }.count == 2)
    #expect(!graph.dump.contains("= Add") && !graph.dump.contains("= Dequantize"))
    try expectSameMeaning(g.graph, graph, tolerance: 1e-4)
  }

  @Test func aSecondConsumerOfTheBranchKeepsItApart() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [1, 4, 5, 5]), reach: 1)
    let branch = try g.int8Convolution(x, inputs: 4, outputs: 4)
    g.output(try g.add(ReLU(), try g.add(Add(), branch, x)), "sum")
    g.output(branch, "branch")
    let graph = try transformed(g.graph)
    #expect(graph.dump.contains("= Fused(%1, x") == false)
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5)
  }

  @Test func whatStaysFloatSaysWhy() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 4, 5, 5])
    let plain = try g.convolution(x, try g.int8Weights([4, 4, 1, 1]), name: "plain")
    let quantized = try g.signed(x, reach: 1)
    let weights = try g.convolution(quantized, try g.randomConstant([4, 4, 1, 1]), name: "weights")
    let scaled = try g.int8Weights([4, 4, 1, 1], scaleShape: [1, 4, 1, 1])
    let inner = try g.convolution(quantized, scaled, name: "inner")
    g.output(plain, "a")
    g.output(weights, "b")
    g.output(inner, "c")
    let reasons = try reasons(g.graph)
    #expect(reasons["plain"] == "its activations are not quantized")
    #expect(reasons["weights"] == "its weights are not quantized to 8 bits")
    #expect(reasons["inner"] == "its weights have different scales within an output channel")
    try expectSameMeaning(g.graph, try transformed(g.graph), tolerance: 1e-5)
  }

  @Test func quantizersThatStayFloatSayWhy() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 4, 5, 5])
    let rows = try g.constant([1, 2, 3, 4, 5], [1, 1, 5, 1])
    let (low, high) = (try g.scalar(-1), try g.scalar(1))
    for (name, levels, ranges) in [
      ("levels", 300, [low, high, low, high]), ("turned", 256, [high, low, low, high]),
      ("rows", 256, [low, rows, low, rows]), ("computed", 256, [low, try g.input("high", []), low, high]),
    ] {
      g.output(
        Value(try g.addNode(FakeQuantize(levels: levels), [try g.add(Tanh(), x)] + ranges, name: name)), name)
    }
    let reasons = try reasons(g.graph)
    #expect(reasons["levels"] == "it has 300 levels, and a byte holds 256")
    #expect(reasons["turned"] == "its input range is empty or turned around")
    #expect(reasons["rows"] == "its ranges differ along other axes than the channels")
    #expect(reasons["computed"] == "its ranges are not constant")
  }

  /// Different scales for different channels of one sum: as many sums, if they are few.
  @Test(arguments: [(2, 1), (16, 0)])
  func scalesOfTheActivationsMayDifferInRuns(_ scales: Int, _ expected: Int) throws {
    let g = GraphBuilder()
    let highs = (0..<16).map { 1 + Double($0 * scales / 16) }
    let x = try g.fakeQuantize(try g.input("x", [1, 16, 4, 4]), low: highs.map { _ in 0 }, high: highs)
    g.output(try g.int8Convolution(x, inputs: 16, outputs: 4))
    let graph = try transformed(g.graph)
    #expect((integerSums(graph) > 0) == (expected > 0))
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5, inputs: 0...8)
  }

  @Test(arguments: [0, 1])
  func anyZeroPointOfActivationsAndWeightsIsExact(_ pads: Int) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [1, 4, 5, 5]), -0.7, 1.3)
    let integers = try g.add(Convert(to: .f32), try g.randomConstant([3, 4, 3, 3], in: 0...255, .u8))
    let zeroPoints = try g.add(Convert(to: .f32), try g.randomConstant([3, 1, 1, 1], in: 90...160, .u8))
    let weights = try g.add(
      Multiply(), try g.add(Subtract(), integers, zeroPoints), try g.randomConstant([3, 1, 1, 1], in: 0.001...0.01))
    g.output(try g.convolution(x, weights, pads: pads))
    let graph = try transformed(g.graph)
    #expect(integerSums(graph) > 0)
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5, inputs: -2...2)
  }

  @Test func weightsOfFourBitsAreIntegersToo() throws {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("x", [2, 4]), reach: 1)
    let storage = TensorStorage(byteCount: 6)
    for byte in 0..<6 { storage.base.storeBytes(of: UInt8(byte * 41 % 256), toByteOffset: byte, as: UInt8.self) }
    let packed = try #require(Tensor(.i4, [3, 4], storage: storage))
    let integers = try g.add(Convert(to: .f32), try g.constant(packed))
    let weights = try g.add(Multiply(), integers, try g.randomConstant([3, 1], in: 0.01...0.1))
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), x, weights))
    let graph = try transformed(g.graph)
    #expect(integerSums(graph) == 1)
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5)
  }
}
