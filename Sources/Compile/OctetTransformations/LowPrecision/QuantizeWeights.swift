import OctetGraph
import OctetOperators
import OctetTensor

/// `FakeQuantize(const)`  ⇒  `dequantize(const i8)`
///
/// How POT stores weights. The steps 0…levels − 1 are stored from −(levels / 2) on, so that symmetric ranges get the
/// zero point 0.
struct QuantizeWeights: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let fakeQuantize = node.op as? FakeQuantize, fakeQuantize.levels <= 256 else { return nil }
    guard let weights = graph.constant(node.operands[0]), weights.elementType == .f32 else { return nil }
    let ranges = node.operands.dropFirst().compactMap(graph.constant)
    guard ranges.count == 4, let axes = WeightParameters.axes(ranges.map(\.shape), in: weights.shape) else {
      return nil
    }
    let count = weights.shape.count(in: axes)
    let bounds = ranges.map { WeightParameters.expanded($0, axes, weights.shape) }
    guard (0..<count).allSatisfy({ bounds[0][$0] < bounds[1][$0] && bounds[2][$0] != bounds[3][$0] }) else {
      return nil
    }

    let offset = fakeQuantize.levels / 2
    let quantized = Self.steps(of: weights, axes, low: bounds[0], high: bounds[1], levels: fakeQuantize.levels)
    let scales = (0..<count).map { (bounds[3][$0] - bounds[2][$0]) / Double(fakeQuantize.levels - 1) }
    let zeroPoints = (0..<count).map { -bounds[2][$0] / scales[$0] - Double(offset) }
    let signed = Tensor(.i8, weights.shape, elements: quantized.map { Int8(clamping: $0 - offset) })

    var patch = GraphPatch(to: graph)
    let constant = patch.addConstant(signed, from: node)
    let dequantize = Dequantize(Dequantization(scales: scales, zeroPoints: zeroPoints, axes: axes))
    patch.replace(node.value, with: patch.add(dequantize, [constant], from: node))
    return patch
  }

  private static func steps(
    of weights: Tensor, _ axes: Range<Int>, low: [Double], high: [Double], levels: Int
  ) -> [Int] {
    let inner = weights.shape.count(in: axes.upperBound..<weights.shape.rank)
    let quantize = Quantize(inputLow: low, inputHigh: high, levels: levels)
    return weights.doubles.enumerated().map { index, weight in
      Int(quantize.apply(weight, channel: index / max(inner, 1) % low.count))
    }
  }
}
