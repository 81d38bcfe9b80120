import OctetGraph
import OctetOperators
import OctetTensor

/// `ScaledDotProductAttention(q, k, v, mask, scale)`  ⇒  `MatMul(SoftMax(MatMul(q, kᵀ) · scale + mask), v)`
///
/// Each piece has a kernel, and the products run on integers where their operands are quantized. So attention that a
/// model spells out is left as it is. OpenVINO's ScaledDotProductAttentionDecomposition.
struct DecomposeAttention: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let attention = node.op as? ScaledDotProductAttention, node.type.elementType == .f32 else { return nil }
    let shapes = node.operands.map { graph.type(of: $0).shape }
    let rank = shapes[0].rank

    var patch = GraphPatch(to: graph)
    func constant(_ tensor: Tensor) -> Value { patch.addConstant(tensor, from: node) }
    let scale: Value
    if node.operands.count == 5 {
      guard shapes[4].rank <= rank else { return nil }
      scale = node.operands[4]
    } else {
      guard let depth = shapes[0][rank - 1].fixedExtent, depth > 0 else { return nil }
      scale = constant(Tensor(.f32, .scalar, converting: [1 / Double(depth).squareRoot()]))
    }
    let products = patch.add(
      MatMul(transposeA: false, transposeB: true), [node.operands[0], node.operands[1]], from: node)
    var scores = patch.add(Multiply(), [products, scale], from: node, fused: [])
    if attention.isCausal {
      guard let rows = shapes[0][rank - 2].fixedExtent, let columns = shapes[1][rank - 2].fixedExtent else {
        return nil
      }
      scores = patch.add(Add(), [scores, constant(Self.causalMask(rows, columns))], from: node, fused: [])
    } else if node.operands.count > 3 {
      var mask = node.operands[3]
      if graph.type(of: mask).elementType == .boolean {
        let (seen, unseen) = (Tensor(.f32, .scalar, converting: [0]), Tensor(.f32, .scalar, converting: [-.infinity]))
        mask = patch.add(Select(), [mask, constant(seen), constant(unseen)], from: node, fused: [])
      }
      scores = patch.add(Add(), [scores, mask], from: node, fused: [])
    }
    let weights = patch.add(SoftMax(axis: -1), [scores], from: node, fused: [])
    let result = patch.add(
      MatMul(transposeA: false, transposeB: false), [weights, node.operands[2]], from: node, fused: [])
    patch.replace(node.value, with: result)
    return patch
  }

  /// Row i sees columns up to i.
  private static func causalMask(_ rows: Int, _ columns: Int) -> Tensor {
    let values = (0..<rows).flatMap { row in (0..<columns).map { $0 > row ? -Float.infinity : 0 } }
    return Tensor(.f32, Shape(valid: [rows, columns]), elements: values)
  }
}
