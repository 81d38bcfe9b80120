package import OctetRuntime

/// Checks what every pass relies on: operands exist, the recorded types are what the operators say, no cycles.
package enum GraphVerifier {
  package static func verify(_ graph: Graph) -> Result<Void, ModelError> {
    let order = graph.topologicalOrder
    var position: [NodeID: Int] = [:]
    for (index, id) in order.enumerated() { position[id] = index }
    for id in order {
      let node = graph.node(id)
      for operand in node.operands {
        guard graph.contains(operand.node), operand.result < graph.node(operand.node).types.count else {
          return .failure(.model("layer '\(node.name)' reads a value that does not exist"))
        }
        guard let before = position[operand.node], let own = position[id], before < own else {
          return .failure(.model("layer '\(node.name)' depends on itself"))
        }
      }
      do throws(OperatorError) {
        let types = try node.op.resultTypes(graph.operands(of: node))
        guard types == node.types else {
          return .failure(
            .model("layer '\(node.name)': recorded types \(node.types), but \(node.op.name) gives \(types)"))
        }
      } catch {
        return .failure(.model("layer '\(node.name)' (\(node.layerType)): \(error.description)"))
      }
    }
    return .success(())
  }
}
