import OctetGraph
import OctetOperators
import OctetTensor

/// `f(Concat(dequantize(a), g(dequantize(b))), w)`  ⇒  `f(dequantize(a), w′) + f(dequantize(table[b]), w″) + …`, for sums of
/// products f and functions g that leave the grid in few places, ReLU where zero is no step among them.
///
/// A single g(dequantize(b)) is split alike; so are grids joined along the axis of a matrix product's sum.
struct SplitSumOverGrids: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let sum = QuantizedSum(node, in: graph) else { return nil }
    let x = node.operands[0]
    let concatNode = graph.producer(of: x)
    let axis = (concatNode.op as? Concat).flatMap { try? $0.axis(forRank: concatNode.type.shape.rank) }
    let values = axis == sum.summedAxis ? concatNode.operands : [x]
    let parts = values.compactMap { Part($0, in: graph) }
    guard parts.count == values.count, parts.contains(where: \.isOffGrid) || parts.count > 1 else { return nil }

    var patch = GraphPatch(to: graph)
    var products: [Value] = []
    var start = 0
    for (part, value) in zip(parts, values) {
      var weights = node.operands[1]
      if parts.count > 1 {
        guard let extent = graph.type(of: value).shape[sum.summedAxis].fixedExtent,
          let own = sum.weights(start..<start + extent, in: &patch)
        else { return nil }
        weights = own
        start += extent
      }
      for term in part.terms(of: value, in: &patch) {
        products.append(patch.add(node.op, [term, weights] + node.operands.dropFirst(2), from: node))
      }
    }
    let total = products.dropFirst().reduce(products[0]) { patch.add(Add(), [$0, $1], from: node, fused: []) }
    patch.replace(node.value, with: total)
    return patch
  }

  /// What is joined: integers dequantized, or a function of them.
  private struct Part {
    private let function: Node?
    private let integers: Value
    private let sum: GridSum?

    var isOffGrid: Bool { sum != nil }

    init?(_ value: Value, in graph: Graph) {
      let producer = graph.producer(of: value)
      if producer.op is Dequantize {
        (function, integers, sum) = (nil, value, nil)
        return
      }
      guard let function = producer.op as? any ElementwiseUnary else { return nil }
      let source = graph.producer(of: producer.operands[0])
      guard let dequantize = source.op as? Dequantize, graph.type(of: source.operands[0]).elementType == .u8,
        let sum = GridSum(function, dequantize.dequantization)
      else { return nil }
      (self.function, integers, self.sum) = (producer, source.operands[0], sum)
    }

    func terms(of value: Value, in patch: inout GraphPatch) -> [Value] {
      guard let function, let sum else { return [value] }
      return sum.terms.map { term in
        let table = patch.add(LookupTable(term.table), [integers], from: function)
        return patch.add(Dequantize(term.dequantization), [table], from: function, fused: [])
      }
    }
  }
}
