import OctetGraph
import OctetOperators
import OctetTensor

/// `Convolution(Concat(dequantize(a), dequantize(b)), w)`  ⇒  `Convolution(a, w) + Convolution(b, w)`, each padded by zeros
/// where the others were, when images of different scales are joined along a spatial axis.
///
/// Convolution is linear, and an image that is zero outside its own part is padding.
struct SplitConvolutionOverConcat: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let convolution = node.op as? Convolution, convolution.activationZeroPoints == [0] else { return nil }
    let concatNode = graph.producer(of: node.operands[0])
    guard let concat = concatNode.op as? Concat else { return nil }
    guard let axis = try? concat.axis(forRank: concatNode.type.shape.rank), axis >= 2 else { return nil }
    let incoming = IncomingDequantizations(concatNode, in: graph)
    guard incoming.dequantizations.allSatisfy({ $0 != nil }), Set(incoming.dequantizations).count > 1 else {
      return nil
    }
    guard let windows = windows(convolution.window, concatNode, axis: axis, in: graph) else { return nil }

    var patch = GraphPatch(to: graph)
    var sum: Value?
    for (window, part) in zip(windows, concatNode.operands) {
      let own = Convolution(window: window, isGrouped: convolution.isGrouped)
      let value = patch.add(own, [part, node.operands[1]], from: node)
      sum = sum.map { patch.add(Add(), [$0, value], from: node, fused: []) } ?? value
    }
    guard let sum else { return nil }
    patch.replace(node.value, with: sum)
    return patch
  }

  /// The window of each part: padded by the extents of the parts in front of it and behind it.
  private func windows(_ window: SpatialWindow, _ concat: Node, axis: Int, in graph: Graph) -> [SpatialWindow]? {
    let extents = concat.operands.compactMap { graph.type(of: $0).shape[axis].fixedExtent }
    guard extents.count == concat.operands.count else { return nil }
    var windows: [SpatialWindow] = []
    for index in extents.indices {
      var (begin, end) = ([Int](repeating: 0, count: window.rank), [Int](repeating: 0, count: window.rank))
      begin[axis - 2] = extents[..<index].reduce(0, +)
      end[axis - 2] = extents[(index + 1)...].reduce(0, +)
      guard let own = window.padded(begin: begin[...], end: end[...]) else { return nil }
      windows.append(own)
    }
    return windows
  }
}
