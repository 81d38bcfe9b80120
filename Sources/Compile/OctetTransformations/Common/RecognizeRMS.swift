import OctetGraph
import OctetOperators
import OctetTensor

/// `x / √(mean(x²) + ε)` over the last axis  ⇒  `RMS(x)`: the normalization of Llama and its relatives.
///
/// A constant factor per element of the axis behind it joins it as γ. OpenVINO's RMSFusion.
struct RecognizeRMS: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Multiply || node.op is Divide else { return nil }
    return normalization(node, in: graph) ?? factor(node, in: graph)
  }

  private func normalization(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let root = RootedDivision(node, in: graph), root.place == .insideRoot,
      let (squares, axes) = root.mean(root.sum), axes == [node.type.shape.rank - 1],
      root.isSquare(graph.producer(of: squares), of: root.numerator), let norm = try? RMS(epsilon: root.epsilon)
    else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(norm, [root.numerator], from: node))
    return patch
  }

  private func factor(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Multiply, let index = (0...1).first(where: { graph.constant(node.operands[$0]) != nil }),
      let gamma = graph.constant(node.operands[index]), gamma.elementCount > 1
    else { return nil }
    let norm = graph.producer(of: node.operands[1 - index])
    guard norm.op is RMS, norm.operands.count == 1, graph.hasSingleUse(norm.value), norm.type == node.type,
      Broadcasting.perChannel(gamma, to: node.type.shape, channelAxis: node.type.shape.rank - 1) != nil
    else { return nil }

    var patch = GraphPatch(to: graph)
    let vector = patch.addConstant(gamma.reshaped(to: Shape(valid: [gamma.elementCount])), from: node)
    patch.replace(
      node.value, with: patch.add(norm.op, [norm.operands[0], vector], from: norm, fused: norm.fused + [node.name]))
    return patch
  }
}
