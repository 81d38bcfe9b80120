import OctetTensor
import OctetGraph
import OctetOperators

/// `f`  ⇒  `f` with the reason why it does not run on integers, for every operator that could.
///
/// Runs when nothing more can be quantized and before fusion hides what stands around f.
struct NoteRefusals: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.reason == nil else { return nil }
    let incoming = IncomingDequantizations(node, in: graph)
    guard incoming.operands.first?.elementType.isFloatingPoint == true || !incoming.isEmpty else { return nil }
    guard case .refused(let reason) = node.op.integerForm(incoming.dequantizations, incoming.operands) else {
      return nil
    }

    var patch = GraphPatch(to: graph)
    let noted = patch.add(node.op, node.operands, from: node, reason: reason)
    for index in node.types.indices { patch.replace(Value(node.id, index), with: Value(noted.node, index)) }
    return patch
  }
}
