import OctetGraph
import OctetOperators
import OctetTensor

/// `g(f(x), y)`  ⇒  `fused(f → g)(x, y)`, when f has no other user and its kernel can apply g before storing.
///
/// A g that broadcasts f(x) to a larger shape stays apart: f's kernel stores what f has.
struct FuseOperations: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.types.count == 1 else { return nil }
    for index in node.operands.indices {
      let value = node.operands[index]
      let base = graph.producer(of: value)
      guard base.types.count == 1, base.type.shape == node.type.shape, graph.hasSingleUse(value) else { continue }
      var further = node.operands
      further.remove(at: index)
      let operation = FusedOperation(
        op: node.op, chainOperand: index, furtherOperands: further.map(graph.operand), type: node.type)
      guard base.op.accepts(operation, after: [], graph.operands(of: base)) else { continue }

      var patch = GraphPatch(to: graph)
      patch.fuse(node, operation, further, into: base)
      return patch
    }
    return nil
  }
}

extension GraphPatch {
  /// Replaces `node`, which is `operation` with the operands `further`, by one node that computes `base` and then it.
  mutating func fuse(_ node: Node, _ operation: FusedOperation, _ further: [Value], into base: Node) {
    let fused = Fused(operation, after: base.op, operandCount: base.operands.count)
    let names = node.name == base.name || base.fused.contains(node.name) ? [] : [node.name]
    replace(node.value, with: add(fused, base.operands + further, from: base, fused: base.fused + names + node.fused))
  }
}
