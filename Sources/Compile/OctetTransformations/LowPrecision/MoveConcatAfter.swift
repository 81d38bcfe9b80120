import OctetGraph
import OctetOperators
import OctetTensor

/// `f(Concat(a, b))`  ⇒  `Concat(f(a), f(b))`, for functions of one element and quantizers.
///
/// What produces a and b can then apply f before it stores, and ReLU meets each part with its own scale. OpenVINO's
/// MoveFakeQuantize.
struct MoveConcatAfter: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.operands.count == 1, let value = node.operands.first else { return nil }
    let concatNode = graph.producer(of: value)
    guard let concat = concatNode.op as? Concat, graph.hasSingleUse(value) else { return nil }
    guard let functions = functions(node, of: concatNode, concat, in: graph) else { return nil }

    var patch = GraphPatch(to: graph)
    let parts = zip(functions, concatNode.operands).map { patch.add($0, [$1], from: node) }
    patch.replace(node.value, with: patch.add(concat, parts, from: concatNode))
    return patch
  }

  /// The function for each part.
  private func functions(
    _ node: Node, of concatNode: Node, _ concat: Concat, in graph: Graph
  ) -> [any Operator]? {
    if node.op is any ElementwiseUnary { return concatNode.operands.map { _ in node.op } }
    guard let quantize = node.op as? Quantize else { return nil }
    guard quantize.inputLow.count > 1, (try? concat.axis(forRank: node.type.shape.rank)) == 1 else {
      return concatNode.operands.map { _ in quantize }
    }
    let extents = concatNode.operands.compactMap { graph.type(of: $0).shape[1].fixedExtent }
    guard extents.count == concatNode.operands.count else { return nil }
    var start = 0
    return extents.map { extent in
      defer { start += extent }
      return quantize.channels(start..<start + extent)
    }
  }
}
