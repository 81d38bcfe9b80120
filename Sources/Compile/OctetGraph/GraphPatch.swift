package import OctetRuntime
package import OctetTensor

/// A proposed edit: new nodes, and values that they replace. Nothing happens until it is applied, and then types are
/// inferred and checked, so that an unsound rewrite fails where it was written.
package struct GraphPatch {
  private struct Addition {
    let op: any Operator
    let operands: [Value]
    let origin: Node
    let fused: [String]
    let reason: String?
  }

  private let firstIndex: Int
  private var additions: [Addition] = []
  private var replacements: [(old: Value, new: Value)] = []

  package init(to graph: Graph) { firstIndex = graph.nextIndex }

  /// Adds a node that takes name and layer type from `origin`.
  ///
  /// - Parameters:
  ///   - fused: names of the layers that it computes as well; by default those that `origin` does.
  ///   - reason: why it does not run on integers; by default what is known of `origin`.
  package mutating func add(
    _ op: any Operator, _ operands: [Value], from origin: Node, fused: [String]? = nil, reason: String? = nil
  ) -> Value {
    additions.append(
      Addition(
        op: op, operands: operands, origin: origin, fused: fused ?? origin.fused, reason: reason ?? origin.reason))
    return Value(NodeID(index: firstIndex + additions.count - 1))
  }

  package mutating func addConstant(_ tensor: Tensor, from origin: Node) -> Value {
    add(Constant(tensor), [], from: origin, fused: [])
  }

  /// Every user of `old` will read `new`. Both must have the same type, but for what is known of extents that stay open.
  package mutating func replace(_ old: Value, with new: Value) { replacements.append((old, new)) }

  package func apply(to graph: inout Graph) throws(ModelError) {
    precondition(graph.nextIndex == firstIndex, "the patch was made for another state of the graph")
    for addition in additions {
      do throws(OperatorError) {
        let layerType = addition.op is Constant ? Constant.name : addition.origin.layerType
        try graph.add(
          addition.op, addition.operands, name: addition.origin.name, layerType: layerType, fused: addition.fused,
          reason: addition.reason)
      } catch {
        throw .model("\(addition.op.name) at '\(addition.origin.name)': \(error.description)")
      }
    }
    for (old, new) in replacements {
      let types = (old: graph.type(of: old), new: graph.type(of: new))
      guard types.old.isInterchangeable(with: types.new) else {
        let place = graph.producer(of: old).name
        throw .model("at '\(place)': result \(types.new) may not replace \(types.old)")
      }
      graph.redirect(old, to: new)
      if graph.constant(new) != nil || types.old != types.new { try graph.refineUsers(of: new) }
    }
    for (old, _) in replacements where graph.contains(old.node) { graph.removeIfUnused(old.node) }
    for index in additions.indices {
      let id = NodeID(index: firstIndex + index)
      if graph.contains(id) { graph.removeIfUnused(id) }
    }
  }
}

extension TensorType {
  /// Whether both are the same but for bounds of open extents.
  fileprivate func isInterchangeable(with other: TensorType) -> Bool {
    elementType == other.elementType && shape.rank == other.shape.rank
      && zip(shape.dimensions, other.shape.dimensions).allSatisfy { own, new in
        own == new || (own.fixedExtent == nil && new.fixedExtent == nil)
      }
  }
}
