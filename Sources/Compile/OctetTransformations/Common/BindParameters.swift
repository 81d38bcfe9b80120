import OctetGraph
import OctetOperators
import OctetTensor

/// `f(x, const, …)`  ⇒  `f′(x)`, for functions of one element whose parameters are operands: Swish, HardSigmoid, Selu, and
/// PReLU with one slope.
///
/// f′ has what all functions of one element have: a kernel, a table of 256 results, a place in an epilogue.
struct BindParameters: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.type.elementType == .f32 else { return nil }
    var parameters: [Double] = []
    for operand in node.operands.dropFirst() {
      guard let constant = graph.constant(operand) else { return nil }
      parameters += constant.doubles
    }
    guard let bound = bound(node.op, parameters) else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(bound, [node.operands[0]], from: node))
    return patch
  }

  private func bound(_ op: any Operator, _ parameters: [Double]) -> (any Operator)? {
    if let function = op as? any ParametricUnary { return bind(function, parameters) }
    guard op is PReLU, let slope = parameters.first, parameters.allSatisfy({ $0 == slope }) else { return nil }
    return LeakyReLU(slope: slope)
  }

  private func bind<Function: ParametricUnary>(_ function: Function, _ parameters: [Double]) -> (any Operator)? {
    BoundUnary<Function>(parameters)
  }
}
