import OctetGraph
import OctetOperators
import OctetTensor

/// `y = f(x)`, `q = quantize(y)`, both wanted  ⇒  `q, y = forked(f → quantize)(x)`, when f's kernel can store both: a
/// residual branch of a transformer is f32, and the product beside it reads bytes.
struct ForkQuantizers: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.types.count == 1, node.type.elementType == .u8 else { return nil }
    for index in node.operands.indices.prefix(node.op.ownOperandCount(of: node)) {
      let value = node.operands[index]
      let base = graph.producer(of: value)
      guard base.types.count == 1, base.type.shape == node.type.shape, !graph.hasSingleUse(value) else { continue }
      let fused = Fused(base.op, base.operands.count, followedBy: node, chainOperand: index)
      let forked = Forked(fused, laterCount: fused.operations.count - base.op.parts.count + 1)
      var further = node.operands
      further.remove(at: index)
      guard forked.hasKernel((base.operands + further).map(graph.operand)) else { continue }

      var patch = GraphPatch(to: graph)
      let both = patch.add(
        forked, base.operands + further, from: base, fused: base.fused + [node.name] + node.fused)
      patch.replace(node.value, with: both)
      patch.replace(value, with: Value(both.node, 1))
      return patch
    }
    return nil
  }
}

extension Operator {
  /// How many of a node's operands are those of its first operation.
  fileprivate func ownOperandCount(of node: Node) -> Int { (self as? Fused)?.baseOperandCount ?? node.operands.count }
}

extension Fused {
  /// `base`, which may be fused already, then all that `node` computes, whose operand `chainOperand` is its result.
  fileprivate init(_ base: any Operator, _ operandCount: Int, followedBy node: Node, chainOperand: Int) {
    let own = Fused.Operation(
      op: node.op.parts[0], chainOperand: chainOperand, furtherOperandCount: node.op.ownOperandCount(of: node) - 1)
    let later = [own] + ((node.op as? Fused)?.operations ?? [])
    if let fused = base as? Fused {
      self.init(base: fused.base, baseOperandCount: fused.baseOperandCount, operations: fused.operations + later)
    } else {
      self.init(base: base, baseOperandCount: operandCount, operations: later)
    }
  }
}
