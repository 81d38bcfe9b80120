import OctetGraph
import OctetRuntime
import OctetTensor

/// A graph cut where shapes begin to depend on values.
///
///     known ⇒ decisions ⇒ rest
///
/// `known` is everything with shapes that follow from the shapes of the inputs. The decisions are operators that read only
/// known values but give results of open shape, such as NonMaxSuppression. The rest has them for inputs; once their shapes
/// are decided it is a graph like any other, and may have to be cut again.
struct ShapeCut {
  /// Its outputs are the values that decisions, rest and outputs of the graph read.
  private(set) var known = Graph()
  private(set) var decisions: [Node] = []
  /// Its inputs are outputs of `known`, then the results of the decisions; its outputs are those of the graph.
  private(set) var rest = Graph()
  /// Outputs of `known` that are inputs of the rest, by index.
  private(set) var kept: [Int] = []

  private let graph: Graph
  private let memoryLimit: MemoryLimit
  private var knownValues: [Value: Value] = [:]
  private var restValues: [Value: Value] = [:]
  /// Outputs of `known` by the value of the graph that they are.
  private var crossings: [Value: Int] = [:]

  /// Nil when every shape is known.
  init?(_ graph: Graph, memoryLimit: MemoryLimit) throws(ModelError) {
    self.graph = graph
    self.memoryLimit = memoryLimit
    let order = graph.topologicalOrder.map(graph.node)
    guard order.contains(where: { !Self.isFixed($0) }) else { return nil }
    do throws(OperatorError) {
      let following = try split(order)
      try build(following)
    } catch {
      throw .model("at the cut where shapes depend on values: \(error.description)")
    }
  }

  private static func isFixed(_ node: Node) -> Bool { node.types.allSatisfy { $0.shape.fixed != nil } }

  /// Builds what is known, and says which nodes follow the decisions.
  private mutating func split(_ order: [Node]) throws(OperatorError) -> [Node] {
    // Inputs first, so that they keep their order.
    for id in graph.inputs { try addKnown(graph.node(id)) }
    var following: [Node] = []
    for node in order where !(node.op is Parameter) {
      let readsKnown = node.operands.allSatisfy { knownValues[$0] != nil }
      if readsKnown && Self.isFixed(node) {
        try addKnown(node)
      } else if readsKnown {
        decisions.append(node)
      } else {
        following.append(node)
      }
    }
    return following
  }

  private mutating func addKnown(_ node: Node) throws(OperatorError) {
    let id = try known.add(copying: node, node.operands.compactMap { knownValues[$0] })
    for index in node.types.indices { knownValues[Value(node.id, index)] = Value(id, index) }
  }

  private mutating func build(_ following: [Node]) throws(OperatorError) {
    for decision in decisions { for operand in decision.operands { cross(operand) } }
    let read = following.flatMap(\.operands) + graph.outputs.map(\.value)
    for value in read where knownValues[value] != nil && restValues[value] == nil {
      if graph.constant(value) != nil {
        restValues[value] = Value(try rest.add(copying: graph.producer(of: value), []))
      } else {
        kept.append(cross(value) ?? 0)
        restValues[value] = Value(try addInput(value))
      }
    }
    for decision in decisions {
      for index in decision.types.indices {
        let value = Value(decision.id, index)
        restValues[value] = Value(try addInput(value))
      }
    }
    for node in following {
      let id = try rest.add(copying: node, node.operands.compactMap { restValues[$0] })
      for index in node.types.indices { restValues[Value(node.id, index)] = Value(id, index) }
    }
    for output in graph.outputs {
      if let value = restValues[output.value] { rest.addOutput(value, name: output.name) }
    }
  }

  private mutating func addInput(_ value: Value) throws(OperatorError) -> NodeID {
    try rest.add(Parameter(type: graph.type(of: value)), name: graph.producer(of: value).name)
  }

  /// Makes a known value an output of `known`; constants need not be.
  @discardableResult
  private mutating func cross(_ value: Value) -> Int? {
    guard graph.constant(value) == nil, let own = knownValues[value] else { return nil }
    if let index = crossings[value] { return index }
    crossings[value] = known.outputs.count
    known.addOutput(own, name: graph.producer(of: value).name)
    return crossings[value]
  }
}

extension ShapeCut {
  /// The continuation of the plan for `known`.
  func continuation(_ makePlan: @escaping PlanCache.MakePlan) -> Continuation {
    Continuation(
      decisions: decisions.map { node in
        let layer = LayerDescription(node, kernel: "reference", in: graph)
        return Continuation.Decision(layer: layer) { [self] outputs throws(ModelError) in try results(node, outputs) }
      }, kept: kept, plans: PlanCache(makePlan: makePlan))
  }

  /// Inputs of the rest from outputs of `known`.
  func decide(_ outputs: [Tensor]) throws(ModelError) -> [Tensor] {
    var inputs = kept.map { outputs[$0] }
    for node in decisions { inputs += try results(node, outputs) }
    return inputs
  }

  private func results(_ node: Node, _ outputs: [Tensor]) throws(ModelError) -> [Tensor] {
    let operands = node.operands.compactMap { graph.constant($0) ?? crossings[$0].map { outputs[$0] } }
    do throws(OperatorError) {
      let results = try node.evaluate(operands, within: memoryLimit)
      for (type, result) in zip(node.types, results)
      where type.elementType != result.elementType || !type.shape.accepts(result.shape) {
        throw .mismatch("result of \(node.op.name)", expected: "\(type)", found: "\(result.type)")
      }
      return results
    } catch {
      throw .input("layer '\(node.name)' (\(node.layerType)): \(error.description)")
    }
  }

  /// What is known of the layers behind the cut before they have plans.
  var followingLayers: [LayerDescription] {
    rest.topologicalOrder.map(rest.node).filter { !($0.op is Parameter) && !($0.op is Constant) }.map { node in
      LayerDescription(node, kernel: "chosen when its shape is known", in: rest)
    }
  }
}

extension Graph {
  /// Adds a node with operator, name and history of another.
  @discardableResult
  fileprivate mutating func add(copying node: Node, _ operands: [Value]) throws(OperatorError) -> NodeID {
    try add(
      node.op, operands, name: node.name, layerType: node.layerType, fused: node.fused, reason: node.reason)
  }
}
