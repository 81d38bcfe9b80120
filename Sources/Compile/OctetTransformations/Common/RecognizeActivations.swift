import OctetGraph
import OctetOperators

/// `x · ½ · (1 + erf(x / √2))`  ⇒  `Gelu(x)`, and likewise Sigmoid, Swish, HSigmoid, HSwish, Mish, SoftPlus and Gelu by tanh,
/// however they are put together.
///
/// Frameworks spell these in many ways, so the function decides and not the spelling: the expression and the activation must
/// agree, but for the rounding of constants to f32, on points from −30 to 30.
struct RecognizeActivations: RewriteRule {
  private struct Activation: Sendable {
    let op: any Operator
    let function: @Sendable (Double) -> Double
  }

  private static let tolerance = 1e-6
  /// No multiples of anything that a model might contain.
  private static let points = (0..<500).map { (Double($0) - 249.5) * 0.12034 } + [0, 1e-3, -1e-3]

  private let activations: [Activation]

  init() {
    let unary: [any ElementwiseUnary] = [
      Sigmoid(), HSigmoid(), HSwish(), Mish(), SoftPlus(), Gelu(approximation: .erf), Gelu(approximation: .tanh),
    ]
    activations =
      unary.map { op in Activation(op: op, function: { op.apply($0) }) }
      + [Activation(op: Swish(), function: { Swish.apply($0, []) })]
  }

  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Multiply || node.op is Divide || node.op is Log else { return nil }
    for expression in ScalarExpression.ending(at: node, in: graph) where expression.nodes.count > 1 {
      guard let activation = activations.first(where: { Self.agree(expression, $0.function) }) else { continue }

      var patch = GraphPatch(to: graph)
      let names = expression.nodes.dropFirst().reversed().flatMap { [$0.name] + $0.fused }
      patch.replace(
        node.value, with: patch.add(activation.op, [expression.root], from: node, fused: node.fused + names))
      return patch
    }
    return nil
  }

  private static func agree(_ expression: ScalarExpression, _ function: (Double) -> Double) -> Bool {
    points.allSatisfy { x in
      let expected = function(x)
      return abs(expression(x) - expected) <= tolerance * max(1, abs(expected))
    }
  }
}
