package import OctetGraph
package import OctetKernels
package import OctetRuntime
package import OctetTensor

/// The layers of a plan and what flows between them: what `octet explain --graph` draws.
package struct LayerGraph: Sendable {
  package struct Vertex: Sendable {
    package let name: String
    /// Nil for inputs and outputs of the model.
    package let layer: LayerDescription?
  }

  package struct Edge: Sendable, Hashable {
    package let from: Int
    package let to: Int
    /// Element type and shape of what flows, such as `u8[1, 64, 56, 56]`.
    package let type: String
  }

  /// Each after those that it reads from.
  package private(set) var vertices: [Vertex] = []
  package private(set) var edges: [Edge] = []

  /// The layers that run a model for these input shapes. Changes of layout that the planner inserts are left out.
  package init(_ imported: Graph, shapes: [Shape], cpu: CPU = .current) throws(ModelError) {
    let graph = try ModelCompiler.specialize(ModelCompiler(cpu: cpu).transform(imported), to: shapes)
    let (plan, origins) = try Planner.planWithOrigins(graph, cpu: cpu, weights: PackedWeightsCache())
    var vertexOfNode: [NodeID: Int] = [:]
    for id in graph.inputs {
      vertexOfNode[id] = vertices.count
      vertices.append(Vertex(name: graph.node(id).name, layer: nil))
    }
    for (step, origin) in zip(plan.steps, origins) {
      guard let node = origin?.node else { continue }
      let vertex = vertices.count
      vertexOfNode[node.id] = vertex
      vertices.append(Vertex(name: node.name, layer: plan.layers[step.layer]))
      for operand in node.operands { connect(operand, to: vertex, vertexOfNode, in: graph) }
    }
    for output in graph.outputs {
      vertices.append(Vertex(name: output.name, layer: nil))
      connect(output.value, to: vertices.count - 1, vertexOfNode, in: graph)
    }
  }

  /// What is not a step of its own (a view, a concatenation in place) is passed through to what it reads.
  private mutating func connect(
    _ value: Value, to vertex: Int, _ vertexOfNode: [NodeID: Int], in graph: Graph
  ) {
    var pending = [value]
    while let value = pending.popLast() {
      guard let source = vertexOfNode[value.node] else {
        pending += graph.producer(of: value).operands
        continue
      }
      let edge = Edge(from: source, to: vertex, type: "\(graph.type(of: value))")
      if !edges.contains(where: { $0.from == source && $0.to == vertex }) { edges.append(edge) }
    }
  }
}
