import OctetGraph
import OctetOperators

/// `f(dequantize(q))`  ⇒  `dequantize(f(q))`, for every operator f that carries it.
///
/// Moves dequantization towards the results, so that f runs on integers. OpenVINO has one transformation per operator
/// here; Octet asks the operator.
struct MoveDequantizationAfter: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let incoming = IncomingDequantizations(node, in: graph)
    guard !incoming.isEmpty else { return nil }
    guard let outgoing = node.op.carry(incoming.dequantizations, incoming.operands) else { return nil }

    var patch = GraphPatch(to: graph)
    let moved = patch.add(node.op, incoming.sources, from: node)
    for (index, dequantization) in outgoing.enumerated() {
      let result = Value(moved.node, index)
      guard let dequantization else {
        patch.replace(Value(node.id, index), with: result)
        continue
      }
      patch.replace(Value(node.id, index), with: patch.add(Dequantize(dequantization), [result], from: node, fused: []))
    }
    return patch
  }
}
