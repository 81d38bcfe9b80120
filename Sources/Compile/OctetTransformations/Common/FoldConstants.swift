import OctetOperators
import OctetGraph
import OctetTensor

/// `f(const, …)`  ⇒  `const`
///
/// Dequantized constants stay: a convolution wants their integers. `FoldDequantizedConstants` comes for those that
/// nobody wanted.
struct FoldConstants: RewriteRule {
  /// A fold may not make the model much larger than its file: broadcasting a scalar could.
  private static let memoryLimit = MemoryLimit(byteCount: 512 << 20)

  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard !(node.op is Constant), !(node.op is Dequantize), !(node.op is Parameter) else { return nil }
    return Self.fold(node, in: graph)
  }

  static func fold(_ node: Node, in graph: Graph) -> GraphPatch? {
    var operands: [Tensor] = []
    for operand in node.operands {
      guard let constant = graph.constant(operand) else { return nil }
      operands.append(constant)
    }
    guard !operands.isEmpty, node.types.allSatisfy({ $0.shape.fixed != nil }),
      let results = try? node.evaluate(operands, within: memoryLimit), results.map(\.type) == node.types
    else { return nil }

    var patch = GraphPatch(to: graph)
    for (index, result) in results.enumerated() {
      patch.replace(Value(node.id, index), with: patch.addConstant(result, from: node))
    }
    return patch
  }
}
