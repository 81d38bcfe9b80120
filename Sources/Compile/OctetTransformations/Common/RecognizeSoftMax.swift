import OctetGraph
import OctetOperators
import OctetTensor

/// `e / Σ e` with `e = exp(x − max(x))` or `e = exp(x)`, along one axis  ⇒  `SoftMax(x)`
struct RecognizeSoftMax: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Divide, let exponential = node.operands.first else { return nil }
    let sum = graph.producer(of: node.operands[1])
    guard let reduction = sum.op as? ReduceSum, reduction.keepsAxes, sum.operands[0] == exponential else { return nil }
    guard let axes = try? reduction.axes(graph.operands(of: sum)), axes.count == 1, let axis = axes.first else {
      return nil
    }
    let function = graph.producer(of: exponential)
    guard function.op is Exp, function.type == node.type else { return nil }
    let x = shifted(function.operands[0], axes, in: graph) ?? function.operands[0]

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(SoftMax(axis: axis), [x], from: node))
    return patch
  }

  /// x, of x − max(x).
  private func shifted(_ value: Value, _ axes: Set<Int>, in graph: Graph) -> Value? {
    let difference = graph.producer(of: value)
    guard difference.op is Subtract else { return nil }
    let maximum = graph.producer(of: difference.operands[1])
    guard let reduction = maximum.op as? ReduceMax, reduction.keepsAxes, maximum.operands[0] == difference.operands[0],
      (try? reduction.axes(graph.operands(of: maximum))) == axes
    else { return nil }
    return difference.operands[0]
  }
}
