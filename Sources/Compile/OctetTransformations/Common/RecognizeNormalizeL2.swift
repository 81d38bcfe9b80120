import OctetGraph
import OctetOperators
import OctetTensor

/// `x / √(Σ x² + ε)` or `x / √max(Σ x², ε)`  ⇒  `NormalizeL2(x)`
struct RecognizeNormalizeL2: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let root = RootedDivision(node, in: graph), root.place != .outsideRoot else { return nil }
    let sum = graph.producer(of: root.sum)
    guard let reduction = sum.op as? ReduceSum, reduction.keepsAxes else { return nil }
    guard root.isSquare(graph.producer(of: sum.operands[0]), of: root.numerator) else { return nil }
    guard graph.constant(sum.operands[1]) != nil else { return nil }

    var patch = GraphPatch(to: graph)
    let normalization = NormalizeL2(epsilon: root.epsilon, mode: root.place == .maximum ? .max : .add)
    patch.replace(node.value, with: patch.add(normalization, [root.numerator, sum.operands[1]], from: node))
    return patch
  }
}
