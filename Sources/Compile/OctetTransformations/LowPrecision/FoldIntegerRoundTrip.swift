import OctetGraph
import OctetOperators
import OctetTensor

/// `Convert(Convert(dequantize(q), i8), f32)`  ⇒  `dequantize(q)`, where every step is an integer that the type holds;
/// `Convert(dequantize(q), u8)`  ⇒  `q`, where the steps are q.
///
/// How QuantizeLinear and DequantizeLinear come from ONNX: a quantizer whose results are the integers themselves, stored
/// as such, and a scale behind them.
struct FoldIntegerRoundTrip: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let convert = node.op as? Convert else { return nil }
    let source = graph.producer(of: node.operands[0])
    var patch = GraphPatch(to: graph)
    if convert.destination == .u8, zero(source, in: graph) == 0 {
      patch.replace(node.value, with: source.operands[0])
      return patch
    }
    guard convert.destination == .f32, let range = (source.op as? Convert)?.destination.integerRange,
      let zero = zero(graph.producer(of: source.operands[0]), in: graph),
      range.contains(-zero), range.contains(255 - zero)
    else { return nil }
    patch.replace(node.value, with: source.operands[0])
    return patch
  }

  /// The zero point of bytes that stand for integers.
  private func zero(_ node: Node, in graph: Graph) -> Int64? {
    guard let dequantization = (node.op as? Dequantize)?.dequantization, dequantization.scales == [1],
      graph.type(of: node.operands[0]).elementType == .u8
    else { return nil }
    return Int64(exactly: dequantization.zeroPoints[0])
  }
}
