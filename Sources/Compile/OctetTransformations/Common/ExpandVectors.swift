import OctetGraph
import OctetOperators
import OctetTensor

/// `MatMul(a, v)`  ⇒  `Squeeze(MatMul(a, Unsqueeze(v)))`, for vectors on either side: kernels multiply matrices.
struct ExpandVectors: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let product = node.op as? MatMul else { return nil }
    let isVector = node.operands.map { graph.type(of: $0).shape.rank == 1 }
    guard isVector.contains(true) else { return nil }

    var patch = GraphPatch(to: graph)
    func axis(_ index: Int) -> Value {
      patch.addConstant(Tensor(.i64, [1], elements: [Int64(index)]), from: node)
    }
    // A row on the left, a column on the right; neither is transposed.
    let a = isVector[0] ? patch.add(Unsqueeze(), [node.operands[0], axis(0)], from: node, fused: []) : node.operands[0]
    let b = isVector[1] ? patch.add(Unsqueeze(), [node.operands[1], axis(1)], from: node, fused: []) : node.operands[1]
    let matrices = MatMul(
      transposeA: product.transposeA && !isVector[0], transposeB: product.transposeB && !isVector[1])
    var result = patch.add(matrices, [a, b], from: node)
    if isVector[1] { result = patch.add(Squeeze(), [result, axis(-1)], from: node, fused: []) }
    if isVector[0] { result = patch.add(Squeeze(), [result, axis(isVector[1] ? -1 : -2)], from: node, fused: []) }
    patch.replace(node.value, with: result)
    return patch
  }
}
