import OctetGraph
import OctetOperators
import OctetTensor

/// Elementwise operators around one value, seen as one function of one number.
struct ScalarExpression {
  /// What the function is applied to.
  let root: Value
  /// The operators, the last one first.
  let nodes: [Node]
  private let graph: Graph

  private static let maximumNodes = 16

  /// Every way to see the node as a function of an earlier value of the same shape, that of the earliest value first.
  ///
  /// What lies between may have no other reader.
  static func ending(at node: Node, in graph: Graph) -> [ScalarExpression] {
    var members: [Node] = [], roots: [Value] = [], pending = [node]
    while let next = pending.popLast(), members.count < maximumNodes {
      guard !members.contains(where: { $0.id == next.id }) else { continue }
      guard isScalar(next, in: graph) else { continue }
      members.append(next)
      for operand in next.operands where graph.constant(operand) == nil && !roots.contains(operand) {
        roots.append(operand)
        pending.append(graph.producer(of: operand))
      }
    }
    return roots.reversed().compactMap { ScalarExpression(node, root: $0, in: graph) }
  }

  private init?(_ node: Node, root: Value, in graph: Graph) {
    guard graph.type(of: root) == node.type else { return nil }
    var nodes: [Node] = [], pending = [node]
    while let next = pending.popLast() {
      guard !nodes.contains(where: { $0.id == next.id }) else { continue }
      guard Self.isScalar(next, in: graph), nodes.count < Self.maximumNodes else { return nil }
      nodes.append(next)
      pending += next.operands.filter { $0 != root && graph.constant($0) == nil }.map(graph.producer)
    }
    let inside = Set(nodes.map(\.id))
    let isClosed = nodes.dropFirst().allSatisfy { inner in
      !graph.isOutput(inner.value) && graph.users(of: inner.value).allSatisfy { inside.contains($0.id) }
    }
    guard isClosed else { return nil }
    self.root = root
    self.nodes = nodes
    self.graph = graph
  }

  /// Whether the node computes each element from the elements at the same place and from constants.
  private static func isScalar(_ node: Node, in graph: Graph) -> Bool {
    guard node.types.count == 1, node.type.elementType == .f32 else { return false }
    switch node.op {
    case is any ElementwiseUnary: return true
    case let op as any ElementwiseBinary where op.dequantizations.isEmpty: break
    case is Swish where node.operands.count == 1: return true
    default: return false
    }
    return node.operands.allSatisfy { operand in
      graph.constant(operand)?.elementCount == 1 || graph.type(of: operand) == node.type
    }
  }

  func callAsFunction(_ x: Double) -> Double { value(of: nodes[0].value, x) }

  private func value(of value: Value, _ x: Double) -> Double {
    if value == root { return x }
    if let constant = graph.constant(value) { return constant.doubles.first ?? .nan }
    let node = graph.producer(of: value)
    let operands = node.operands.map { self.value(of: $0, x) }
    switch node.op {
    case let op as any ElementwiseUnary: return op.apply(operands[0])
    case let op as any ElementwiseBinary: return Self.apply(op, operands[0], operands[1])
    case is Swish: return Swish.apply(operands[0], [])
    default: return .nan
    }
  }

  private static func apply<Binary: ElementwiseBinary>(_ op: Binary, _ x: Double, _ y: Double) -> Double {
    Binary.apply(x, y)
  }
}
