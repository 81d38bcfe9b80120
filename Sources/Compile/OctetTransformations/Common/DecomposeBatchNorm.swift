import OctetGraph
import OctetOperators
import OctetTensor

/// `BatchNormInference(x, γ, β, mean, variance)`  ⇒  `x · s + (β − mean · s)`, with s = γ / √(variance + ε), for constant
/// parameters.
///
/// Whatever computes x applies both before it stores. OpenVINO's BatchNormDecomposition.
struct DecomposeBatchNorm: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let norm = node.op as? BatchNormInference, node.type.elementType.isFloatingPoint else { return nil }
    let x = node.operands[norm.dataOperand]
    let constants = node.operands.indices.filter { $0 != norm.dataOperand }.compactMap { index in
      graph.constant(node.operands[index])?.doubles
    }
    guard constants.count == 4 else { return nil }
    let scales = zip(constants[0], constants[3]).map { $0 / ($1 + norm.epsilon).squareRoot() }
    let shifts = scales.indices.map { constants[1][$0] - constants[2][$0] * scales[$0] }
    guard (scales + shifts).allSatisfy(\.isFinite) else { return nil }

    var patch = GraphPatch(to: graph)
    let shape = Shape(valid: [1, scales.count] + [Int](repeating: 1, count: node.type.shape.rank - 2))
    func constant(_ values: [Double]) -> Value {
      patch.addConstant(Tensor(node.type.elementType, shape, converting: values), from: node)
    }
    let scaled = patch.add(Multiply(), [x, constant(scales)], from: node)
    patch.replace(node.value, with: patch.add(Add(), [scaled, constant(shifts)], from: node, fused: []))
    return patch
  }
}
