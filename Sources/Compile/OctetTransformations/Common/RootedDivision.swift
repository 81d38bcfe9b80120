import OctetGraph
import OctetOperators
import OctetTensor

/// `numerator / √(sum + ε)`, as it is spelt: with Sqrt or Power, as a quotient or a product, ε in one of three places.
struct RootedDivision {
  enum Place { case insideRoot, outsideRoot, maximum }

  let numerator: Value
  let sum: Value
  let epsilon: Double
  let place: Place
  private let graph: Graph

  init?(_ node: Node, in graph: Graph) {
    self.graph = graph
    guard node.operands.count == 2, let (numerator, root, exponent) = Self.quotient(node, in: graph) else { return nil }
    self.numerator = numerator
    if let radicand = Self.radicand(root, exponent, in: graph) {
      let inner = graph.producer(of: radicand)
      if inner.op is Add, let (sum, epsilon) = Self.constantSide(inner, in: graph) {
        (self.sum, self.epsilon, place) = (sum, epsilon, .insideRoot)
      } else if inner.op is Maximum, let (sum, epsilon) = Self.constantSide(inner, in: graph) {
        (self.sum, self.epsilon, place) = (sum, epsilon, .maximum)
      } else {
        (sum, epsilon, place) = (radicand, 0, .insideRoot)
      }
    } else {
      let outer = graph.producer(of: root)
      guard outer.op is Add, let (inner, epsilon) = Self.constantSide(outer, in: graph),
        exponent > 0, let radicand = Self.radicand(inner, exponent, in: graph)
      else { return nil }
      (sum, self.epsilon, place) = (radicand, epsilon, .outsideRoot)
    }
    guard epsilon >= 0, epsilon.isFinite, graph.type(of: numerator) == node.type else { return nil }
  }

  /// What a mean is of, and the axes that it keeps with extent 1.
  func mean(_ value: Value) -> (of: Value, axes: [Int])? {
    let node = graph.producer(of: value)
    guard let mean = node.op as? ReduceMean, mean.keepsAxes, mean.zeroPoint == 0,
      let axes = try? mean.axes(graph.operands(of: node))
    else { return nil }
    return (node.operands[0], axes.sorted())
  }

  func isSquare(_ node: Node, of value: Value) -> Bool {
    switch node.op {
    case is Multiply: node.operands == [value, value]
    case is Power: node.operands[0] == value && graph.constant(node.operands[1])?.doubles == [2]
    default: false
    }
  }

  /// a / b or a · (1 / b) with the root b = s^½, or a · s^−½.
  private static func quotient(_ node: Node, in graph: Graph) -> (Value, root: Value, exponent: Double)? {
    if node.op is Divide { return (node.operands[0], node.operands[1], 0.5) }
    guard node.op is Multiply else { return nil }
    for index in 0...1 {
      let factor = graph.producer(of: node.operands[index]), other = node.operands[1 - index]
      if factor.op is Divide, graph.constant(factor.operands[0])?.doubles == [1] {
        return (other, factor.operands[1], 0.5)
      }
      if isPower(factor, -0.5, in: graph) { return (other, node.operands[index], -0.5) }
    }
    return nil
  }

  private static func radicand(_ value: Value, _ exponent: Double, in graph: Graph) -> Value? {
    let node = graph.producer(of: value)
    let isRoot = (node.op is Sqrt && exponent > 0) || isPower(node, exponent, in: graph)
    return isRoot ? node.operands[0] : nil
  }

  private static func isPower(_ node: Node, _ exponent: Double, in graph: Graph) -> Bool {
    node.op is Power && graph.constant(node.operands[1])?.doubles == [exponent]
  }

  private static func constantSide(_ node: Node, in graph: Graph) -> (Value, Double)? {
    for index in 0...1 {
      if let constant = graph.constant(node.operands[index])?.doubles, constant.count == 1 {
        return (node.operands[1 - index], constant[0])
      }
    }
    return nil
  }
}
