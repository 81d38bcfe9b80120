import OctetGraph
import OctetOperators
import OctetTensor

/// `Convert(q)` to f32  ⇒  `dequantize(q)` with scale 1 and zero point 0, for q in u8.
///
/// A picture of bytes is quantized as it is: mean and scale of the preprocessing go into the dequantization, a quantizer
/// behind them makes bytes of bytes, and a convolution without one reads the picture itself.
struct DequantizeBytes: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Convert, node.type.elementType == .f32, graph.constant(node.operands[0]) == nil,
      graph.type(of: node.operands[0]).elementType == .u8
    else { return nil }

    var patch = GraphPatch(to: graph)
    let dequantize = Dequantize(Dequantization(scale: 1, zeroPoint: 0))
    patch.replace(node.value, with: patch.add(dequantize, node.operands, from: node))
    return patch
  }
}
