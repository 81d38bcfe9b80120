import OctetGraph
import OctetOperators
import OctetTensor

/// `f(x), f(x)`  ⇒  one `f(x)`, when operator, attributes and operands are the same.
struct MergeDuplicates: RewriteRule {
  /// Constants are compared by their bytes up to here.
  private static let maximumByteCount = 4096

  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let variable = node.operands.first(where: { graph.constant($0) == nil }) else { return nil }
    let twin = graph.users(of: variable).first { other in
      other.id < node.id && other.types == node.types && other.operands.count == node.operands.count
        && areEqual(other.op, node.op) && zip(other.operands, node.operands).allSatisfy { isSame($0, $1, in: graph) }
    }
    guard let twin else { return nil }

    var patch = GraphPatch(to: graph)
    for result in node.types.indices { patch.replace(Value(node.id, result), with: Value(twin.id, result)) }
    return patch
  }

  private func isSame(_ a: Value, _ b: Value, in graph: Graph) -> Bool {
    if a == b { return true }
    guard let left = graph.constant(a), let right = graph.constant(b), left.type == right.type else { return false }
    if left.storage === right.storage { return true }
    return left.withUnsafeBytes { left in
      left.count <= Self.maximumByteCount && right.withUnsafeBytes { left.elementsEqual($0) }
    }
  }
}
