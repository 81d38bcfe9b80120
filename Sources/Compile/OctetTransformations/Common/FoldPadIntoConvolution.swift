import OctetGraph
import OctetOperators
import OctetTensor

/// `Convolution(Pad(x, zeros))`  ⇒  `Convolution(x)` with wider padding, when only spatial axes are padded.
///
/// A convolution pads with real zeros itself, whatever the zero point of its activations.
struct FoldPadIntoConvolution: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let convolution = node.op as? Convolution, convolution.activationZeroPoints == [0] else { return nil }
    let padNode = graph.producer(of: node.operands[0])
    guard let pad = padNode.op as? Pad, pad.mode == .constant else { return nil }
    let operands = graph.operands(of: padNode)
    guard operands.count == 3 || operands[3].constant?.doubles == [0] else { return nil }
    guard let widths = try? pad.widths(operands) else { return nil }
    guard widths.begin.prefix(2).allSatisfy({ $0 == 0 }), widths.end.prefix(2).allSatisfy({ $0 == 0 }) else {
      return nil
    }
    guard let window = convolution.window.padded(begin: widths.begin.dropFirst(2), end: widths.end.dropFirst(2)) else {
      return nil
    }

    var patch = GraphPatch(to: graph)
    let wider = Convolution(window: window, isGrouped: convolution.isGrouped)
    patch.replace(
      node.value,
      with: patch.add(wider, [padNode.operands[0], node.operands[1]], from: node, fused: node.fused + [padNode.name]))
    return patch
  }
}
