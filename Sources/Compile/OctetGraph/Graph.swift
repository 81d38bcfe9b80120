package import OctetRuntime
package import OctetTensor

/// Names a node for as long as its graph lives; never used again for another.
package struct NodeID: Hashable, Sendable, Comparable {
  let index: Int
  package static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// One result of a node.
package struct Value: Hashable, Sendable {
  package let node: NodeID
  package let result: Int

  package init(_ node: NodeID, _ result: Int = 0) {
    self.node = node
    self.result = result
  }
}

/// An operator with its operands, and where in the model it comes from.
package struct Node: Sendable {
  package let id: NodeID
  /// The layer's name in the model file.
  package let name: String
  /// The layer's type in the model file: the operator's own name, or what another format calls it.
  package let layerType: String
  package let op: any Operator
  package fileprivate(set) var operands: [Value]
  package fileprivate(set) var types: [TensorType]
  /// Layers of the model that this node computes besides its own.
  package let fused: [String]
  /// Why it does not run on integers although its operator could; nil when it does, or could not.
  package let reason: String?

  package var value: Value { Value(id) }
  package var type: TensorType { types[0] }
}

/// A directed acyclic graph of operators. It is edited only by patches.
package struct Graph: Sendable {
  private var slots: [Node?] = []
  private var users: [[NodeID]] = []
  /// The nodes of the inputs, in the order of the model file.
  package private(set) var inputs: [NodeID] = []
  package private(set) var outputs: [(name: String, value: Value)] = []

  package init() {}

  /// The id that the next added node gets.
  var nextIndex: Int { slots.count }

  package func node(_ id: NodeID) -> Node {
    guard let node = slots[id.index] else { preconditionFailure("node \(id.index) was removed") }
    return node
  }

  package func contains(_ id: NodeID) -> Bool { id.index < slots.count && slots[id.index] != nil }
  package func producer(of value: Value) -> Node { node(value.node) }
  package func type(of value: Value) -> TensorType { node(value.node).types[value.result] }

  /// The constant behind a value, when it is one.
  package func constant(_ value: Value) -> Tensor? { (node(value.node).op as? Constant)?.tensor }

  package func operand(_ value: Value) -> Operand { Operand(type: type(of: value), constant: constant(value)) }
  package func operands(of node: Node) -> [Operand] { node.operands.map(operand) }

  /// The nodes that read a value, each as often as it reads it.
  package func users(of value: Value) -> [Node] {
    users[value.node.index].map(node).flatMap { user in
      user.operands.filter { $0 == value }.map { _ in user }
    }
  }

  package func isOutput(_ value: Value) -> Bool { outputs.contains { $0.value == value } }

  /// Whether exactly one operand in the graph reads this value and nobody outside does.
  package func hasSingleUse(_ value: Value) -> Bool { !isOutput(value) && users(of: value).count == 1 }

  package var nodeCount: Int { slots.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

  /// Every node after those it depends on; where that leaves a choice, in the order in which they were added.
  package var topologicalOrder: [NodeID] {
    var order: [NodeID] = []
    var visited = [Bool](repeating: false, count: slots.count)
    // An explicit stack: models are deep enough to overflow the one of a thread.
    for root in slots.indices where slots[root] != nil && !visited[root] {
      var stack: [(index: Int, next: Int)] = [(root, 0)]
      visited[root] = true
      while let (index, next) = stack.last {
        let operands = slots[index]?.operands ?? []
        if next < operands.count {
          stack[stack.count - 1].next += 1
          let operand = operands[next].node.index
          if !visited[operand] {
            visited[operand] = true
            stack.append((operand, 0))
          }
        } else {
          order.append(NodeID(index: index))
          stack.removeLast()
        }
      }
    }
    return order
  }
}

// MARK: - Building

extension Graph {
  /// Adds a node and infers its result types.
  ///
  /// - Throws: what the operator finds wrong with its operands.
  @discardableResult
  package mutating func add(
    _ op: any Operator, _ operands: [Value] = [], name: String? = nil, layerType: String? = nil, fused: [String] = [],
    reason: String? = nil
  ) throws(OperatorError) -> NodeID {
    for type in operands.map(type(of:))
    where !type.elementType.isByteAddressable && !Swift.type(of: op).readsPackedElements {
      throw .mismatch("operands of \(op.name)", expected: "elements of 8 bits or more", found: "\(type)")
    }
    let types = try op.resultTypes(operands.map(operand))
    let id = NodeID(index: slots.count)
    slots.append(
      Node(
        id: id, name: name ?? "\(op.name)_\(id.index)", layerType: layerType ?? op.name, op: op, operands: operands,
        types: types, fused: fused, reason: reason))
    users.append([])
    for producer in Set(operands.map(\.node)) { users[producer.index].append(id) }
    if op is Parameter { inputs.append(id) }
    return id
  }

  package mutating func addOutput(_ value: Value, name: String) { outputs.append((name, value)) }
}

// MARK: - Editing, for patches

extension Graph {
  /// Lets every user of `old` read `new` instead.
  mutating func redirect(_ old: Value, to new: Value) {
    for user in users[old.node.index] {
      guard var node = slots[user.index], node.operands.contains(old) else { continue }
      node.operands = node.operands.map { $0 == old ? new : $0 }
      slots[user.index] = node
      if !users[new.node.index].contains(user) { users[new.node.index].append(user) }
    }
    users[old.node.index].removeAll { user in !(slots[user.index]?.operands.contains { $0.node == old.node } ?? false) }
    for index in outputs.indices where outputs[index].value == old { outputs[index].value = new }
  }

  /// Infers the types of those who read a value again, and so on where that changes one: what became constant may decide
  /// a shape.
  mutating func refineUsers(of value: Value) throws(ModelError) {
    var pending = users(of: value).map(\.id)
    while let id = pending.popLast() {
      guard var node = slots[id.index] else { continue }
      let types = try resultTypes(of: node)
      guard types != node.types else { continue }
      node.types = types
      slots[id.index] = node
      pending += users[id.index]
    }
  }

  private func resultTypes(of node: Node) throws(ModelError) -> [TensorType] {
    do throws(OperatorError) {
      return try node.op.resultTypes(operands(of: node))
    } catch {
      throw .model("layer '\(node.name)' (\(node.layerType)): \(error.description)")
    }
  }

  /// Removes a node that nobody reads, then its operands if nobody reads them any more. Inputs stay.
  mutating func removeIfUnused(_ id: NodeID) {
    var pending = [id]
    while let id = pending.popLast() {
      guard let node = slots[id.index], users[id.index].isEmpty, !(node.op is Parameter),
        !outputs.contains(where: { $0.value.node == id })
      else { continue }
      slots[id.index] = nil
      for producer in Set(node.operands.map(\.node)) {
        users[producer.index].removeAll { $0 == id }
        pending.append(producer)
      }
    }
  }

  /// Infers every type again after the inputs have changed.
  mutating func inferTypes() throws(ModelError) {
    for id in topologicalOrder {
      guard var node = slots[id.index] else { continue }
      node.types = try resultTypes(of: node)
      slots[id.index] = node
    }
  }

  /// The same graph for concrete input shapes, in input order.
  package func specialized(to shapes: [Shape]) throws(ModelError) -> Graph {
    try specialized(to: shapes.map { PartialShape($0) })
  }

  /// The same graph for input shapes of which more is known, in input order.
  package func specialized(to shapes: [PartialShape]) throws(ModelError) -> Graph {
    var graph = self
    for (id, shape) in zip(inputs, shapes) {
      guard let node = graph.slots[id.index], let parameter = node.op as? Parameter else { continue }
      graph.slots[id.index] = Node(
        id: id, name: node.name, layerType: node.layerType,
        op: Parameter(type: parameter.type.with(shape: shape)), operands: [], types: node.types,
        fused: node.fused, reason: nil)
    }
    try graph.inferTypes()
    return graph
  }
}
