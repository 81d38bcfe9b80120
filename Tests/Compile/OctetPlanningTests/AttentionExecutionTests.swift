import OctetGraph
import OctetKernels
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Attention as transformers have it: one step that reads heads where they stand.
@Suite struct AttentionExecutionTests {
  /// How the heads of a transformer come and go.
  struct Heads: Sendable, CustomTestStringConvertible {
    var batch = 2
    var count = 3
    var rows = 20
    var keys = 33
    var width = 8
    var valueWidth = 12
    /// Whether heads stand in the channels of [batch, rows, count · width], or are an axis of the operands.
    var areChannels = true
    var isQuantized = false
    /// The mask that is added to the scores, if any.
    var mask: [Int]?

    var testDescription: String {
      "\(batch) × \(count) heads of \(rows) × \(keys), \(areChannels ? "channels" : "axis")"
        + (isQuantized ? ", quantized" : "") + (mask.map { ", mask \($0)" } ?? "")
    }

    static let all: [Heads] = [
      Heads(), Heads(isQuantized: true), Heads(areChannels: false), Heads(areChannels: false, isQuantized: true),
      Heads(batch: 1, isQuantized: true), Heads(batch: 1, count: 1), Heads(count: 1, isQuantized: true),
      Heads(rows: 1, keys: 1), Heads(rows: 130, keys: 130, isQuantized: true), Heads(rows: 7, keys: 700, width: 3),
      Heads(mask: [2, 1, 1, 33]), Heads(mask: [1, 1, 20, 33]), Heads(mask: [20, 33]), Heads(mask: [2, 3, 20, 33]),
      Heads(isQuantized: true, mask: [2, 1, 1, 33]), Heads(mask: [1, 3, 1, 33]),
    ]
  }

  /// softmax(q·kᵀ / √width + mask) · v of inputs q, k, v, and the mask.
  private func graph(_ heads: Heads) throws -> Graph {
    let g = GraphBuilder()
    func operand(_ name: String, _ rows: Int, _ width: Int, transposed order: [Int] = [0, 2, 1, 3]) throws -> Value {
      let own = heads.areChannels ? [rows, heads.count * width] : [heads.count, rows, width]
      let shape = [heads.batch] + own
      var x = try g.input(name, PartialShape(Shape(valid: shape)))
      if heads.isQuantized { x = try g.fakeQuantize(x, -1.4, 1.15) }
      guard heads.areChannels else { return x }
      return try g.transpose(try g.reshape(x, [0, 0, heads.count, width]), order)
    }
    let q = try operand("q", heads.rows, heads.width)
    // Keys that are transposed by their movement, and keys that the product transposes.
    let k = try operand("k", heads.keys, heads.width, transposed: heads.isQuantized ? [0, 2, 1, 3] : [0, 2, 3, 1])
    let v = try operand("v", heads.keys, heads.valueWidth)
    let product = MatMul(transposeA: false, transposeB: heads.isQuantized || !heads.areChannels)
    var scores = try g.add(Multiply(), try g.add(product, q, k), try g.scalar(0.35))
    if let mask = heads.mask {
      scores = try g.add(Add(), scores, try g.input("mask", PartialShape(Shape(valid: mask))))
    }
    var probabilities = try g.add(SoftMax(axis: -1), scores)
    if heads.isQuantized { probabilities = try g.fakeQuantize(probabilities, 0, 0.6) }
    var y = try g.add(MatMul(transposeA: false, transposeB: false), probabilities, v)
    if heads.areChannels {
      y = try g.reshape(try g.transpose(y, [0, 2, 1, 3]), [0, 0, heads.count * heads.valueWidth])
    }
    g.output(y)
    return g.graph
  }

  @Test(arguments: Heads.all) func oneStepMeansWhatThePiecesMean(_ heads: Heads) throws {
    let graph = try graph(heads)
    let kernels = try ModelCompiler().layers(of: graph).map(\.kernel).filter { $0.hasPrefix("attention_") }
    // The two products are layers of one step; nothing but quantizers is left.
    #expect(kernels.count == 2)
    let moves = try ModelCompiler().layers(of: graph).filter { $0.kernel.hasPrefix("reorder") && !heads.isQuantized }
    #expect(moves.isEmpty)
    try expectExecutionMatchesMeaningEverywhere(
      graph, tolerance: heads.isQuantized ? Tolerance(step: 0.01, stepShare: 0.05) : Tolerance(rounding: 1e-5),
      bitExact: heads.isQuantized)
  }

  @Test func aRowOfScoresMayBeTooLong() throws {
    let graph = try graph(Heads(batch: 1, count: 2, rows: 3, keys: AttentionKernel.maximumKeys + 1))
    let kernels = try ModelCompiler().layers(of: graph).map(\.kernel)
    #expect(kernels.allSatisfy { !$0.hasPrefix("attention_") })
    try expectExecutionMatchesMeaning(graph)
  }

  /// A chain behind each product, of which the second one's ends in bytes.
  @Test func whatStandsBehindTheProductsIsComputedToo() throws {
    let g = GraphBuilder()
    let q = try g.signed(try g.input("q", [1, 2, 9, 16]), reach: 1)
    let k = try g.signed(try g.input("k", [1, 2, 40, 16]), reach: 1)
    let v = try g.input("v", [1, 2, 40, 24])
    let scores = try g.add(Add(), try g.add(MatMul(transposeA: false, transposeB: true), q, k), try g.scalar(0.5))
    let weighted = try g.add(
      MatMul(transposeA: false, transposeB: false), try g.add(SoftMax(axis: 3), scores), v)
    let y = try g.fakeQuantize(try g.add(Multiply(), weighted, try g.randomConstant([1, 1, 1, 24])), -1, 1)
    g.output(try g.add(MatMul(transposeA: false, transposeB: true), y, try g.int8Weights([10, 24])))
    let layers = try ModelCompiler().layers(of: g.graph).map(\.kernel)
    #expect(layers.filter { $0.hasPrefix("attention_") }.count == 2)
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: Tolerance(step: 0.05, stepShare: 0.02))
  }
}
