import OctetGraph
import OctetOperators
import OctetTensor

/// `g(f(x))`  ⇒  `fused(f → g)(x)`, for Transpose, Reshape and their kin: a shuffle of channels or the head of a detector
/// moves every element once.
struct ChainRearrangements: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is any Rearrangement, let value = node.operands.first, graph.hasSingleUse(value) else { return nil }
    let base = graph.producer(of: value)
    let further = Array(node.operands.dropFirst())
    guard further.allSatisfy({ graph.constant($0) != nil }) else { return nil }
    let operation = FusedOperation(
      op: node.op, chainOperand: 0, furtherOperands: further.map(graph.operand), type: node.type)
    let fused = Fused(operation, after: base.op, operandCount: base.operands.count)
    guard let first = fused.base as? any Rearrangement else { return nil }
    let operands = graph.operands(of: base) + operation.furtherOperands
    guard let chain = try? fused.chain(operands), (try? first.order(fused.baseOperands(operands), chain)) != nil else {
      return nil
    }

    var patch = GraphPatch(to: graph)
    patch.fuse(node, operation, further, into: base)
    return patch
  }
}
