import OctetGraph
import OctetOperators
import OctetTensor

/// `f(dequantize(q), …)`  ⇒  `Σ g(q, …) · factors`, for every operator f that sums products and has a form over integers.
///
/// Mostly there is one g, which is f itself. Several come from activations with several scales, or from weights with
/// zero points.
struct UseIntegerForm: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let incoming = IncomingDequantizations(node, in: graph)
    guard !incoming.isEmpty, node.type.elementType == .f32 else { return nil }
    guard
      case .sum(let terms, let constant, let correction) = node.op.integerForm(
        incoming.dequantizations, incoming.operands)
    else { return nil }

    var patch = GraphPatch(to: graph)
    var sum: Value?
    for term in terms {
      let value = Self.add(term, incoming.sources, from: node, to: &patch)
      sum = sum.map { patch.add(Add(), [$0, value], from: node, fused: []) } ?? value
    }
    guard var sum else { return nil }
    let constantTerm = constant.map { patch.addConstant($0, from: node) }
    let correctionTerm = correction.map { patch.add($0, [incoming.sources[0]], from: node, fused: []) }
    for term in [constantTerm, correctionTerm].compactMap(\.self) {
      sum = patch.add(Add(), [sum, term], from: node, fused: [])
    }
    patch.replace(node.value, with: sum)
    return patch
  }

  private static func add(
    _ term: IntegerTerm, _ sources: [Value], from node: Node, to patch: inout GraphPatch
  ) -> Value {
    var operands = sources
    if let weights = term.weights { operands[term.weightsOperand] = patch.addConstant(weights, from: node) }
    let product = patch.add(term.op, operands, from: node)
    let factors = Tensor(.f32, term.factors.shape, converting: term.factors.doubles)
    return patch.add(Multiply(), [product, patch.addConstant(factors, from: node)], from: node, fused: [])
  }
}
