import OctetGraph
import OctetOperators
import OctetTensor

/// `f(Concat(dequantize(a), dequantize(b)), w)`  ⇒  `Concat(f(dequantize(a), w), f(dequantize(b), w))`, for sums of products
/// f that keep images, or rows, of different scales apart.
struct MoveConcatAfterSum: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let sum = QuantizedSum(node, in: graph) else { return nil }
    let concatNode = graph.producer(of: node.operands[0])
    guard let concat = concatNode.op as? Concat,
      let axis = try? concat.axis(forRank: concatNode.type.shape.rank), let resultAxis = sum.independentAxes[axis]
    else { return nil }
    let incoming = IncomingDequantizations(concatNode, in: graph)
    guard incoming.dequantizations.allSatisfy({ $0 != nil }), Set(incoming.dequantizations).count > 1 else {
      return nil
    }

    var patch = GraphPatch(to: graph)
    let parts = concatNode.operands.map { patch.add(node.op, [$0] + node.operands.dropFirst(), from: node) }
    patch.replace(node.value, with: patch.add(Concat(axis: resultAxis), parts, from: concatNode))
    return patch
  }
}
