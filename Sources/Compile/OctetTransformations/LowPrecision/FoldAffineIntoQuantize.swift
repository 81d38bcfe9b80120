import OctetGraph
import OctetOperators
import OctetTensor

/// `quantize(x · c + d)`  ⇒  `quantize(x)` with other input ranges, for constants per tensor or per channel and c > 0:
/// mean and scale in front of the first layer cost nothing.
///
/// What stands behind a sum of products is left to its kernel, which applies it before it stores.
struct FoldAffineIntoQuantize: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let quantize = node.op as? Quantize else { return nil }
    let affine = graph.producer(of: node.operands[0])
    guard graph.hasSingleUse(affine.value), let (index, constant) = constantOperand(affine, in: graph) else {
      return nil
    }
    let x = affine.operands[1 - index], source = graph.producer(of: x)
    guard graph.type(of: x) == node.type.with(elementType: .f32) else { return nil }
    guard source.op.macs(graph.operands(of: source), source.types) == 0 else { return nil }
    guard let values = Broadcasting.perChannel(constant, to: node.type.shape, channelAxis: 1),
      let inverse = Self.inverse(affine.op, isRight: index == 1)
    else { return nil }
    let count = max(values.count, quantize.inputLow.count)
    func moved(_ bounds: [Double]) -> [Double] {
      (0..<count).map { inverse(bounds[bounds.count == 1 ? 0 : $0], values[values.count == 1 ? 0 : $0]) }
    }
    let (lows, highs) = (moved(quantize.inputLow), moved(quantize.inputHigh))
    guard zip(lows, highs).allSatisfy({ $0 < $1 && ($1 - $0).isFinite }) else { return nil }

    var patch = GraphPatch(to: graph)
    let wider = Quantize(inputLow: lows, inputHigh: highs, levels: quantize.levels)
    patch.replace(node.value, with: patch.add(wider, [x], from: node, fused: [affine.name] + affine.fused + node.fused))
    return patch
  }

  private func constantOperand(_ node: Node, in graph: Graph) -> (index: Int, Tensor)? {
    guard let op = node.op as? any ElementwiseBinary, op.dequantizations.isEmpty else { return nil }
    for index in 0...1 {
      if let constant = graph.constant(node.operands[index]) { return (index, constant) }
    }
    return nil
  }

  /// Where a bound comes from; negative factors give bounds in the wrong order, which are refused.
  private static func inverse(_ op: any Operator, isRight: Bool) -> ((Double, Double) -> Double)? {
    switch op {
    case is Multiply: { $0 / $1 }
    case is Divide where isRight: { $0 * $1 }
    case is Add: { $0 - $1 }
    case is Subtract where isRight: { $0 + $1 }
    default: nil
    }
  }
}
