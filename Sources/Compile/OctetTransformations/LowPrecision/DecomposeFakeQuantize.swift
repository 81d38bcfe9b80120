import OctetGraph
import OctetOperators
import OctetTensor

/// `FakeQuantize(x)`  ⇒  `dequantize(quantize(x))`, in u8
///
/// Every range goes to u8 with the zero point that it implies, signed ones too: x86 multiplies u8 by s8. The exceptions
/// stay in f32, as `SpellOutFakeQuantize` has it: ranges that are not constant, empty or per anything but the channel,
/// reversed input ranges, and more than 256 levels. A reversed output range is a negative scale.
struct DecomposeFakeQuantize: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let fakeQuantize = node.op as? FakeQuantize, fakeQuantize.levels <= 256 else { return nil }
    guard node.type.elementType == .f32, graph.constant(node.operands[0]) == nil else { return nil }
    guard let bounds = bounds(node, in: graph) else { return nil }
    let channels = bounds[0].indices.map { channel in
      ChannelRange(
        inputLow: bounds[0][channel], inputHigh: bounds[1][channel],
        outputLow: bounds[2][channel], outputHigh: bounds[3][channel])
    }
    guard channels.allSatisfy(\.isUsable), channels.contains(where: { !$0.isDead }) else { return nil }

    let scales = channels.map { ($0.outputHigh - $0.outputLow) / Double(fakeQuantize.levels - 1) }
    let zeroPoints = zip(channels, scales).map { $0.isDead ? 0 : -$0.outputLow / $1 }
    var patch = GraphPatch(to: graph)
    // Whatever a dead channel is quantized to, its scale of 0 makes it 0: any range that is not empty will do.
    let quantize = Quantize(
      inputLow: channels.map(\.inputLow), inputHigh: channels.map { $0.isDead ? $0.inputLow + 1 : $0.inputHigh },
      levels: fakeQuantize.levels)
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

/// The ranges of one channel.
private struct ChannelRange {
  let inputLow: Double
  let inputHigh: Double
  let outputLow: Double
  let outputHigh: Double

  /// A channel that calibration never saw anything in: 0 whatever comes.
  var isDead: Bool { outputLow == 0 && outputHigh == 0 }

  var isUsable: Bool {
    let bounds = [inputLow, inputHigh, outputLow, outputHigh, inputHigh - inputLow, outputHigh - outputLow]
    return bounds.allSatisfy(\.isFinite) && (isDead || (inputLow < inputHigh && outputLow != outputHigh))
  }
}
