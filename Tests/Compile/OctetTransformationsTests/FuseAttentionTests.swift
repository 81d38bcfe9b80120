import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct FuseAttentionTests {
  private let product = MatMul(transposeA: false, transposeB: false)
  private let transposing = MatMul(transposeA: false, transposeB: true)

  @Test func productsAroundASoftmaxAreOneNode() throws {
    let g = GraphBuilder()
    let scores = try g.add(transposing, try g.input("q", [1, 2, 5, 4]), try g.input("k", [1, 2, 6, 4]))
    g.output(try g.add(product, try g.add(SoftMax(axis: 3), scores), try g.input("v", [1, 2, 6, 3])))
    try expectRewrite(
      of: g.graph, by: FuseAttention(),
      gives: """
        q: f32[1, 2, 5, 4]
        k: f32[1, 2, 6, 4]
        v: f32[1, 2, 6, 3]
        %1 = Attention(q, k, v) MatMul(transposeB), MatMul: f32[1, 2, 5, 3]
        y = %1
        """)
  }

  @Test func headsStayInTheChannels() throws {
    let g = GraphBuilder()
    func head(_ name: String, _ rows: Int) throws -> Value {
      let x = try g.input(name, PartialShape(Shape(valid: [1, rows, 8])))
      return try g.transpose(try g.reshape(x, [0, 0, 2, 4]), [0, 2, 1, 3])
    }
    let scores = try g.add(transposing, try head("q", 5), try head("k", 6))
    let masked = try g.add(Add(), scores, try g.input("mask", [1, 1, 1, 6]))
    let y = try g.add(product, try g.add(SoftMax(axis: -1), masked), try head("v", 6))
    g.output(try g.reshape(try g.transpose(y, [0, 2, 1, 3]), [0, 0, 8]))
    var graph = g.graph
    try PassPipeline("test", [Stage("movements", [ChainRearrangements()])]).run(on: &graph)
    try expectRewrite(
      of: graph, by: FuseAttention(),
      gives: """
        q: f32[1, 5, 8]
        k: f32[1, 6, 8]
        mask: f32[1, 1, 1, 6]
        v: f32[1, 6, 8]
        %1 = Attention(q, i64[4], i64[4], k, i64[4], i64[4], mask, v, i64[4], i64[4], i64[4], i64[3]) \
        Fused(Reshape → Transpose), Fused(Reshape → Transpose), Fused(MatMul(transposeB) → Add), \
        Fused(Reshape → Transpose), MatMul, Fused(Transpose → Reshape): f32[1, 5, 8]
        y = %1
        """)
  }

  @Test func scoresThatOthersReadAreMade() throws {
    let g = GraphBuilder()
    let scores = try g.add(transposing, try g.input("q", [1, 2, 5, 4]), try g.input("k", [1, 2, 6, 4]))
    g.output(scores, "scores")
    g.output(try g.add(product, try g.add(SoftMax(axis: 3), scores), try g.input("v", [1, 2, 6, 3])))
    expectUnchanged(g.graph, by: FuseAttention())
  }

  @Test func probabilitiesThatOthersReadAreMade() throws {
    let g = GraphBuilder()
    let scores = try g.add(transposing, try g.input("q", [1, 2, 5, 4]), try g.input("k", [1, 2, 6, 4]))
    let probabilities = try g.add(SoftMax(axis: 3), scores)
    g.output(probabilities, "probabilities")
    g.output(try g.add(product, probabilities, try g.input("v", [1, 2, 6, 3])))
    expectUnchanged(g.graph, by: FuseAttention())
  }

  @Test func aSoftmaxOverRowsIsAnother() throws {
    let g = GraphBuilder()
    let scores = try g.add(transposing, try g.input("q", [1, 2, 5, 4]), try g.input("k", [1, 2, 6, 4]))
    g.output(try g.add(product, try g.add(SoftMax(axis: 2), scores), try g.input("v", [1, 2, 6, 3])))
    expectUnchanged(g.graph, by: FuseAttention())
  }

  @Test func valuesThatAreSharedByHeadsAreAnother() throws {
    let g = GraphBuilder()
    let scores = try g.add(transposing, try g.input("q", [1, 2, 5, 4]), try g.input("k", [1, 2, 6, 4]))
    g.output(try g.add(product, try g.add(SoftMax(axis: 3), scores), try g.input("v", [6, 3])))
    expectUnchanged(g.graph, by: FuseAttention())
  }

  @Test func aMaskThatAddsAnAxisIsAnother() throws {
    let g = GraphBuilder()
    let scores = try g.add(transposing, try g.input("q", [1, 2, 5, 4]), try g.input("k", [1, 2, 6, 4]))
    let masked = try g.add(Add(), scores, try g.input("mask", [3, 1, 1, 1, 6]))
    g.output(try g.add(product, try g.add(SoftMax(axis: 4), masked), try g.input("v", [1, 2, 6, 3])))
    expectUnchanged(g.graph, by: FuseAttention())
  }
}
