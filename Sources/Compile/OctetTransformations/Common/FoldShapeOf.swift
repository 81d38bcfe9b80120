import OctetTensor
import OctetGraph
import OctetOperators

/// `ShapeOf(x)`  ⇒  `const`, when the shape of x is fixed: the elements of x do not matter.
struct FoldShapeOf: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let shapeOf = node.op as? ShapeOf else { return nil }
    guard let shape = graph.type(of: node.operands[0]).shape.fixed else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.addConstant(shapeOf.value(shape), from: node))
    return patch
  }
}
