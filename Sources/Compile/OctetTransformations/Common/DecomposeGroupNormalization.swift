import OctetGraph
import OctetOperators
import OctetTensor

/// `GroupNormalization(x, γ, β)`  ⇒  `MVN(x as [N, groups, …])` as x again, `· γ + β`, for extents that are known but for the
/// batch.
///
/// A row of the matrix is a group, for which MVN has a kernel; γ and β are left to whoever comes next. OpenVINO's
/// GroupNormalizationDecomposition.
struct DecomposeGroupNormalization: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let inner = node.type.shape.dimensions.dropFirst().compactMap(\.fixedExtent)
    guard let norm = node.op as? GroupNormalization, node.type.elementType == .f32,
      inner.count == node.type.shape.rank - 1, let channels = inner.first, !inner.contains(0),
      let mvn = try? MVN(
        axes: .listed([2]), normalizesVariance: true, epsilon: norm.epsilon, epsilonPlace: .insideRoot)
    else { return nil }

    var patch = GraphPatch(to: graph)
    func shape(_ extents: [Int]) -> Value {
      patch.addConstant(Tensor(.i64, [extents.count], elements: extents.map(Int64.init)), from: node)
    }
    func perChannel(_ operand: Value) -> Value {
      let aligned = shape([1, channels] + [Int](repeating: 1, count: inner.count - 1))
      return patch.add(Reshape(specialZero: false), [operand, aligned], from: node, fused: [])
    }
    let perGroup = inner.reduce(1, *) / norm.groups
    let groups = patch.add(
      Reshape(specialZero: true), [node.operands[0], shape([0, norm.groups, perGroup])], from: node, fused: [])
    let normalized = patch.add(mvn, [groups], from: node)
    let whole = patch.add(Reshape(specialZero: true), [normalized, shape([0] + inner)], from: node, fused: [])
    let scaled = patch.add(Multiply(), [whole, perChannel(node.operands[1])], from: node, fused: [])
    let result = patch.add(Add(), [scaled, perChannel(node.operands[2])], from: node, fused: [])
    patch.replace(node.value, with: result)
    return patch
  }
}
