import OctetGraph
import OctetOperators
import OctetTensor

/// `Convolution(Concat(dequantize(a), dequantize(b)), w)`  ⇒  `Convolution(a, w) + Convolution(b, w)`, each padded by zeros
/// where the others were, when images of different scales are joined along a spatial axis.
///
/// Convolution is linear, and an image that is zero outside its own part is padding. Where extents are open, so that no
/// window knows how far to pad, the zero points of the part take the places of the others.
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

    var patch = GraphPatch(to: graph)
    guard
      let parts = windows(convolution.window, concatNode, axis: axis, in: graph).map({
        zip($0, concatNode.operands).map { $0 }
      })
        ?? images(incoming, concatNode, in: &patch)?.map({ (convolution.window, $0) })
    else { return nil }
    var sum: Value?
    for (window, part) in parts {
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

  /// Each part in an image of the whole, dequantized; nil where a zero point is no byte.
  private func images(_ incoming: IncomingDequantizations, _ concat: Node, in patch: inout GraphPatch) -> [Value]? {
    var images: [Value] = []
    for (index, dequantization) in incoming.dequantizations.enumerated() {
      guard let dequantization, dequantization.isPerTensor, incoming.operands[index].elementType == .u8,
        let zero = UInt8(exactly: dequantization.zeroPoints[0])
      else { return nil }
      let parts = incoming.sources.enumerated().map { other, source in
        other == index ? source : patch.add(UniformLike(zero), [source], from: concat, fused: [])
      }
      let whole = patch.add(concat.op, parts, from: concat)
      images.append(patch.add(Dequantize(dequantization), [whole], from: concat, fused: []))
    }
    return images
  }
}
