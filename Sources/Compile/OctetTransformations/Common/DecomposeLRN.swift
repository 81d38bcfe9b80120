import OctetGraph
import OctetOperators
import OctetTensor

/// `LRN(x)` over the channels  ⇒  `x · exp(−β · log(bias + α · average(x²)))`, the average being a pooling along the channels.
///
/// In planar memory the channels are to the pixels what in other memory a column is to the channels: nothing is moved.
struct DecomposeLRN: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let inner = node.type.shape.dimensions.dropFirst().compactMap(\.fixedExtent)
    guard let norm = node.op as? LRN, node.type.elementType == .f32, inner.count == node.type.shape.rank - 1,
      inner.count > 1, !inner.contains(0), (try? norm.axes(graph.operands(of: node))) == [1],
      // The logarithm is of a positive number, whatever x is.
      norm.bias > 0, norm.alpha >= 0, norm.beta.isFinite, (norm.bias + norm.alpha).isFinite
    else { return nil }
    // The window reaches as far to one side as to the other.
    let reach = (norm.size - 1) / 2, taps = 2 * reach + 1
    guard
      let window = try? SpatialWindow(strides: [1], dilations: [1], padsBegin: [reach], padsEnd: [reach]),
      let pooling = try? PoolingWindow(kernel: [taps], window: window)
    else { return nil }

    var patch = GraphPatch(to: graph)
    func scalar(_ value: Double) -> Value {
      patch.addConstant(Tensor(.f32, .scalar, converting: [value]), from: node)
    }
    func integers(_ values: [Int]) -> Value {
      patch.addConstant(Tensor(.i64, [values.count], elements: values.map(Int64.init)), from: node)
    }
    func step(_ op: any Operator, _ operands: Value...) -> Value { patch.add(op, operands, from: node, fused: []) }
    let pixels = inner.dropFirst().reduce(1, *)
    let rows = step(Reshape(specialZero: true), node.operands[0], integers([0, inner[0], pixels]))
    let x = step(Transpose(), rows, integers([0, 2, 1]))
    let average = step(AvgPool(pooling: pooling, excludesPadding: false), step(Multiply(), x, x))
    let share = norm.alpha * Double(taps) / Double(norm.size)
    let base = step(Add(), step(Multiply(), average, scalar(share)), scalar(norm.bias))
    let divisor = step(Exp(), step(Multiply(), step(Log(), base), scalar(-norm.beta)))
    let y = patch.add(Multiply(), [x, divisor], from: node)
    let columns = step(Transpose(), y, integers([0, 2, 1]))
    patch.replace(node.value, with: step(Reshape(specialZero: true), columns, integers([0] + inner)))
    return patch
  }
}
