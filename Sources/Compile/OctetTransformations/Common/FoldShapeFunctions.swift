import OctetTensor
import OctetGraph
import OctetOperators

/// `f(x)`  ⇒  `const`, for functions f of the shape of x such as ShapeOf, when that is fixed: the elements do not matter.
struct FoldShapeFunctions: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let function = node.op as? any ShapeFunction,
      let shape = graph.type(of: node.operands[0]).shape.fixed, let value = try? function.value(shape)
    else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.addConstant(value, from: node))
    return patch
  }
}
