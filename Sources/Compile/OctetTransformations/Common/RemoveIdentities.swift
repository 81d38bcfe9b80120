import OctetTensor
import OctetGraph
import OctetOperators

/// `f(x)`  ⇒  `x`, where f changes nothing: a reshape to the same shape, a conversion to the same type, a concatenation
/// of one, a variable of a request, ReLU on unsigned integers, a multiplication by one, an addition of zero.
struct RemoveIdentities: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let kept = identity(node, in: graph) else { return nil }
    guard graph.type(of: node.operands[kept]) == node.type else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: node.operands[kept])
    return patch
  }

  /// The operand that the node returns as it is.
  private func identity(_ node: Node, in graph: Graph) -> Int? {
    let source = node.operands.first.map(graph.type(of:))
    switch node.op {
    // Dynamic extents that look alike need not be equal.
    case is Reshape, is Squeeze, is Unsqueeze: return node.type.shape.fixed == nil ? nil : 0
    case is Convert, is Identity, is Assign: return 0
    case is ReadValue: return node.operands.isEmpty ? nil : 0
    case is Concat: return node.operands.count == 1 ? 0 : nil
    case is ReLU: return source?.elementType == .u8 ? 0 : nil
    case let op as Transpose:
      let order = try? op.order(graph.operands(of: node))
      return order.map { $0 == Array(0..<$0.count) } == true ? 0 : nil
    case let op as Multiply where op.dequantizations.isEmpty: return neutral(1, node, in: graph)
    case let op as Add where op.dequantizations.isEmpty: return neutral(0, node, in: graph)
    default: return nil
    }
  }

  /// The other operand, when one is a constant full of `value`.
  private func neutral(_ value: Double, _ node: Node, in graph: Graph) -> Int? {
    (0...1).first { index in
      guard let constant = graph.constant(node.operands[1 - index]), constant.elementType.isFloatingPoint else {
        return false
      }
      return constant.doubles.allSatisfy { $0 == value }
    }
  }
}
