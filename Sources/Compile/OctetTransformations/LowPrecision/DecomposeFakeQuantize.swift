import OctetGraph
import OctetOperators
import OctetTensor

/// `FakeQuantize(x)`  ⇒  `dequantize(quantize(x))`, in u8
///
/// Every range goes to u8 with the zero point that it implies, signed ones too: x86 multiplies u8 by s8. The exceptions
/// stay in f32: ranges that are not constant, reversed, empty or per anything but the channel, and more than 256 levels.
struct DecomposeFakeQuantize: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let fakeQuantize = node.op as? FakeQuantize, fakeQuantize.levels <= 256 else { return nil }
    guard node.type.elementType == .f32, graph.constant(node.operands[0]) == nil else { return nil }
    guard let bounds = bounds(node, in: graph) else { return nil }
    let (inputLow, inputHigh, outputLow, outputHigh) = (bounds[0], bounds[1], bounds[2], bounds[3])
    guard zip(inputLow, inputHigh).allSatisfy({ $0 < $1 && ($1 - $0).isFinite }) else { return nil }
    guard zip(outputLow, outputHigh).allSatisfy({ $0 < $1 && ($1 - $0).isFinite }) else { return nil }

    let scales = zip(outputLow, outputHigh).map { ($1 - $0) / Double(fakeQuantize.levels - 1) }
    let zeroPoints = zip(outputLow, scales).map { -$0 / $1 }
    var patch = GraphPatch(to: graph)
    let quantize = Quantize(inputLow: inputLow, inputHigh: inputHigh, levels: fakeQuantize.levels)
    let quantized = patch.add(quantize, [node.operands[0]], from: node)
    let dequantize = Dequantize(Dequantization(scales: scales, zeroPoints: zeroPoints))
    patch.replace(node.value, with: patch.add(dequantize, [quantized], from: node))
    return patch
  }

  /// The four ranges, all per tensor or all per channel.
  private func bounds(_ node: Node, in graph: Graph) -> [[Double]]? {
    var bounds: [[Double]] = []
    for operand in node.operands.dropFirst() {
      guard let constant = graph.constant(operand),
        let values = Broadcasting.perChannel(constant, to: node.type.shape, channelAxis: 1)
      else { return nil }
      bounds.append(values)
    }
    let count = bounds.map(\.count).max() ?? 0
    return bounds.map { $0.count == 1 ? [Double](repeating: $0[0], count: count) : $0 }
  }
}
