import OctetGraph
import OctetOperators
import OctetTensor

/// `f(dequantize(q), …)`  ⇒  `g(q, …) · scale`, for every operator f that sums products and has a form g over integers.
struct UseIntegerForm: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let incoming = IncomingDequantizations(node, in: graph)
    guard !incoming.isEmpty, node.type.elementType == .f32 else { return nil }
    guard
      case .form(let op, let scales, let channelAxis) = node.op.integerForm(incoming.dequantizations, incoming.operands)
    else { return nil }

    var patch = GraphPatch(to: graph)
    let sum = patch.add(op, incoming.sources, from: node)
    let factors = patch.addConstant(Self.factors(scales, channelAxis, rank: node.type.shape.rank), from: node)
    patch.replace(node.value, with: patch.add(Multiply(), [sum, factors], from: node, fused: []))
    return patch
  }

  /// One number, or [1, …, channels, …, 1].
  private static func factors(_ scales: [Double], _ channelAxis: Int, rank: Int) -> Tensor {
    if scales.count == 1 { return Tensor(.f32, .scalar, converting: scales) }
    let extents = (0..<rank).map { $0 == channelAxis ? scales.count : 1 }
    return Tensor(.f32, Shape(valid: extents), converting: scales)
  }
}
