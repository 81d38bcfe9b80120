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
      let fused = appending(operation, to: base)
      let names = node.name == base.name || base.fused.contains(node.name) ? [] : [node.name]
      patch.replace(
        node.value, with: patch.add(fused, base.operands + further, from: base, fused: base.fused + names + node.fused))
      return patch
    }
    return nil
  }

  private func appending(_ operation: FusedOperation, to base: Node) -> Fused {
    let own = Fused.Operation(
      op: operation.op, chainOperand: operation.chainOperand, furtherOperandCount: operation.furtherOperands.count)
    if let fused = base.op as? Fused {
      return Fused(base: fused.base, baseOperandCount: fused.baseOperandCount, operations: fused.operations + [own])
    }
    return Fused(base: base.op, baseOperandCount: base.operands.count, operations: [own])
  }
}
