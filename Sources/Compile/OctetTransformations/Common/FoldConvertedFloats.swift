import OctetGraph
import OctetOperators
import OctetTensor

/// `Convert(const f16)`  ⇒  `const f32`: weights that wait for their quantizer.
struct FoldConvertedFloats: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Convert, graph.constant(node.operands[0])?.elementType.isFloatingPoint == true else { return nil }
    return FoldConstants.fold(node, in: graph)
  }
}
