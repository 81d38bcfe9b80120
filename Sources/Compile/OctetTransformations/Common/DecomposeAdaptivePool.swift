import OctetGraph
import OctetOperators
import OctetTensor

/// `AdaptiveAvgPool(x)`  ⇒  `AvgPool(x)`, where all windows are of one size, or `ReduceMean(x)`, where there is one window.
struct DecomposeAdaptivePool: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is AdaptiveAvgPool else { return nil }
    let source = graph.type(of: node.operands[0]).shape.dimensions.dropFirst(2)
    let counts = node.type.shape.dimensions.dropFirst(2).compactMap(\.fixedExtent)
    guard counts.count == source.count else { return nil }

    var patch = GraphPatch(to: graph)
    if counts.allSatisfy({ $0 == 1 }) {
      let axes = Tensor(.i64, Shape(valid: [counts.count]), elements: (2..<2 + counts.count).map { Int64($0) })
      let operands = [node.operands[0], patch.addConstant(axes, from: node)]
      patch.replace(node.value, with: patch.add(ReduceMean(keepsAxes: true), operands, from: node))
      return patch
    }
    let extents = source.compactMap(\.fixedExtent)
    guard extents.count == counts.count, zip(extents, counts).allSatisfy({ $0 > 0 && $0 % $1 == 0 }) else { return nil }
    let kernel = zip(extents, counts).map { $0 / $1 }, ones = kernel.map { _ in 1 }, zeros = kernel.map { _ in 0 }
    guard
      let window = try? SpatialWindow(strides: kernel, dilations: ones, padsBegin: zeros, padsEnd: zeros),
      let pooling = try? PoolingWindow(kernel: kernel, window: window)
    else { return nil }
    let average = AvgPool(pooling: pooling, excludesPadding: true)
    patch.replace(node.value, with: patch.add(average, [node.operands[0]], from: node))
    return patch
  }
}
