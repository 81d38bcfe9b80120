import OctetGraph
import OctetOperators

/// `dequantize(const)`  ⇒  `const`, in f32
struct FoldDequantizedConstants: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    node.op is Dequantize ? FoldConstants.fold(node, in: graph) : nil
  }
}
