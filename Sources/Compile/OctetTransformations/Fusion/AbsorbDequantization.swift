import OctetGraph
import OctetOperators

/// `f(dequantize(q), y)`  ⇒  `f′(q, y)`, for operators that can dequantize an operand while they read it.
struct AbsorbDequantization: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    for index in node.operands.indices {
      let producer = graph.producer(of: node.operands[index])
      guard let dequantize = producer.op as? Dequantize, graph.constant(producer.operands[0]) == nil else { continue }
      guard let absorbed = node.op.absorbing(dequantize.dequantization, operand: index) else { continue }

      var patch = GraphPatch(to: graph)
      var operands = node.operands
      operands[index] = producer.operands[0]
      patch.replace(node.value, with: patch.add(absorbed, operands, from: node))
      return patch
    }
    return nil
  }
}
