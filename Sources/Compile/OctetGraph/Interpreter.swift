package import OctetRuntime
package import OctetTensor

/// Runs a graph by meaning alone: slow and right. It is the oracle of pass tests and of `octet verify`.
package struct Interpreter {
  private let graph: Graph
  private let memoryLimit: MemoryLimit

  package init(_ graph: Graph, memoryLimit: MemoryLimit = .physical) {
    self.graph = graph
    self.memoryLimit = memoryLimit
  }

  /// The outputs in graph order for inputs in graph order.
  package func run(_ inputs: [Tensor]) throws(ModelError) -> [Tensor] {
    guard inputs.count == graph.inputs.count else {
      throw .input("the model takes \(graph.inputs.count) inputs, not \(inputs.count)")
    }
    for (id, tensor) in zip(graph.inputs, inputs) {
      let (name, type) = (graph.node(id).name, graph.node(id).type)
      guard type.elementType == tensor.elementType, type.shape.accepts(tensor.shape) else {
        throw .input("input '\(name)' takes \(type), not \(tensor.type)")
      }
    }
    let graph = try graph.specialized(to: inputs.map(\.shape))
    var values: [Value: Tensor] = [:]
    for (id, tensor) in zip(graph.inputs, inputs) { values[Value(id)] = tensor }
    var pendingUses: [Value: Int] = [:]
    for id in graph.topologicalOrder {
      for operand in graph.node(id).operands { pendingUses[operand, default: 0] += 1 }
    }

    for id in graph.topologicalOrder where values[Value(id)] == nil {
      let node = graph.node(id)
      let results = try Self.evaluate(node, node.operands.compactMap { values[$0] }, memoryLimit)
      for (result, tensor) in results.enumerated() {
        values[Value(id, result)] = tensor
      }
      for operand in node.operands {
        pendingUses[operand, default: 0] -= 1
        if pendingUses[operand] == 0, !graph.isOutput(operand) { values[operand] = nil }
      }
    }
    return graph.outputs.compactMap { values[$0.value] }
  }

  /// One node on its operands' values.
  package static func evaluate(
    _ node: Node, _ operands: [Tensor], _ memoryLimit: MemoryLimit = .physical
  ) throws(ModelError) -> [Tensor] {
    do throws(OperatorError) {
      return try node.evaluate(operands, within: memoryLimit)
    } catch {
      throw .model("layer '\(node.name)' (\(node.layerType)): \(error.description)")
    }
  }
}
