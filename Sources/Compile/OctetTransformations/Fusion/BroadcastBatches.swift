import OctetGraph
import OctetOperators
import OctetTensor

/// `MatMul(a, b)`  ⇒  `MatMul(broadcast(a), broadcast(b))`, for sides that have several matrices but not all of the product's:
/// a of [2, 1, …] and b of [1, 3, …].
///
/// The kernel takes a matrix for each product, or one for all.
struct BroadcastBatches: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard ((node.op as? Fused)?.base ?? node.op) is MatMul else { return nil }
    let shapes = node.operands.prefix(2).compactMap { graph.type(of: $0).shape.fixed }
    guard shapes.count == 2, shapes.allSatisfy({ $0.rank > 2 && $0.elementCount > 0 }) else { return nil }
    let batches = shapes.map { Shape(valid: Array($0.extents.dropLast(2))) }
    guard let batch = try? Broadcasting.shape(PartialShape(batches[0]), PartialShape(batches[1])).fixed else {
      return nil
    }
    let partial = batches.indices.filter {
      batches[$0].elementCount > 1 && batches[$0].elementCount < batch.elementCount
    }
    guard !partial.isEmpty else { return nil }

    var patch = GraphPatch(to: graph)
    var operands = node.operands
    for side in partial {
      let target = (batch.extents + shapes[side].extents.suffix(2)).map(Int64.init)
      let shape = patch.addConstant(Tensor(.i64, Shape(valid: [target.count]), elements: target), from: node)
      operands[side] = patch.add(Broadcast(mode: .numPy), [operands[side], shape], from: node, fused: [])
    }
    patch.replace(node.value, with: patch.add(node.op, operands, from: node))
    return patch
  }
}
