import OctetGraph
import OctetOperators

/// `m(g(dequantize(q)))`  ⇒  `g(m(dequantize(q)))`, for functions g that leave the grid and whatever moves elements or
/// picks the largest: m runs on integers, and g meets the sum that takes it apart.
///
/// ReLU where zero is no step, in front of a maximum or a reshape.
struct MoveUnaryAfter: RewriteRule {
  /// Whoever passes this on takes elements as they come, zeros for no more than any other number.
  private static let probe = Dequantization(scale: 1, zeroPoint: 0.5)

  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.types.count == 1, let x = node.operands.first, graph.hasSingleUse(x) else { return nil }
    let unary = graph.producer(of: x)
    guard let function = unary.op as? any ElementwiseUnary,
      let dequantize = graph.producer(of: unary.operands[0]).op as? Dequantize,
      let sum = GridSum(function, dequantize.dequantization), sum.isMonotone
    else { return nil }
    guard node.operands.dropFirst().allSatisfy({ graph.constant($0) != nil }) else { return nil }
    let others = [Dequantization?](repeating: nil, count: node.operands.count - 1)
    guard let carried = node.op.carry([Self.probe] + others, graph.operands(of: node)), carried == [Self.probe] else {
      return nil
    }

    var patch = GraphPatch(to: graph)
    let moved = patch.add(node.op, [unary.operands[0]] + node.operands.dropFirst(), from: node)
    patch.replace(node.value, with: patch.add(function, [moved], from: unary))
    return patch
  }
}
