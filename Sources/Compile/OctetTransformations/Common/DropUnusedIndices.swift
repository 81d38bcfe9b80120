import OctetGraph
import OctetOperators

/// `(values, indices) = MaxPool(x)`  ⇒  `values = MaxPool(x)`, when nobody reads the indices.
struct DropUnusedIndices: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let pool = node.op as? MaxPool, pool.indexType != nil else { return nil }
    let indices = Value(node.id, 1)
    guard graph.users(of: indices).isEmpty, !graph.isOutput(indices) else { return nil }
    guard let plain = try? MaxPool(pooling: pool.pooling, indexType: nil) else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(plain, node.operands, from: node))
    return patch
  }
}
