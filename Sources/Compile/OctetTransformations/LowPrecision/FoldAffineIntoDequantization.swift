import OctetGraph
import OctetOperators
import OctetTensor

/// `dequantize(q) · c + d`  ⇒  `dequantize′(q)`, for constants per tensor or per channel: the normalization that DenseNet
/// has between a concatenation and a convolution costs nothing of its own.
struct FoldAffineIntoDequantization: RewriteRule {
  private static let layerTypes = [Multiply.name, Divide.name, Add.name, Subtract.name]

  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let op = node.op as? any ElementwiseBinary, op.dequantizations.isEmpty else { return nil }
    guard let index = (0...1).first(where: { graph.constant(node.operands[$0]) != nil }),
      let constant = graph.constant(node.operands[index])
    else { return nil }
    let producer = graph.producer(of: node.operands[1 - index])
    guard let dequantize = producer.op as? Dequantize, producer.type == node.type,
      let values = Broadcasting.perChannel(constant, to: node.type.shape, channelAxis: 1),
      let folded = Self.folded(op, values, isRight: index == 1, into: dequantize.dequantization)
    else { return nil }

    var patch = GraphPatch(to: graph)
    // The first constant gives the layer its name: what the dequantization came from is a layer of its own.
    let isFirst = !Self.layerTypes.contains(producer.layerType)
    let fused = isFirst ? node.fused : producer.fused + [node.name] + node.fused
    let origin = isFirst ? node : producer
    patch.replace(node.value, with: patch.add(Dequantize(folded), producer.operands, from: origin, fused: fused))
    return patch
  }

  /// Nil where no dequantization says it: a factor of 0 forgets q.
  private static func folded(
    _ op: any Operator, _ values: [Double], isRight: Bool, into own: Dequantization
  ) -> Dequantization? {
    guard own.isPerTensor || own.axes == 1..<2 else { return nil }
    let count = max(values.count, own.scales.count)
    var (scales, zeroPoints) = (own.expandedScales(count), own.expandedZeroPoints(count))
    for channel in 0..<count {
      let value = values[values.count == 1 ? 0 : channel]
      switch op {
      case is Multiply: scales[channel] *= value
      case is Divide where isRight: scales[channel] /= value
      case is Add: zeroPoints[channel] -= value / scales[channel]
      case is Subtract where isRight: zeroPoints[channel] += value / scales[channel]
      default: return nil
      }
    }
    guard scales.allSatisfy({ $0 != 0 && $0.isFinite }), zeroPoints.allSatisfy(\.isFinite) else { return nil }
    return Dequantization(scales: scales, zeroPoints: zeroPoints)
  }
}
