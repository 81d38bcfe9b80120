package import OctetGraph
package import OctetKernels
package import OctetRuntime
package import OctetTensor
import OctetTransformations

/// Turns an imported graph into something that can run.
package struct ModelCompiler: Sendable {
  package let cpu: CPU

  package init(cpu: CPU = .current) { self.cpu = cpu }

  /// The load path: what is done once per model, and how a plan is made when its input shapes are known.
  package func compile(_ imported: Graph) throws(ModelError) -> CompiledModel {
    let graph = try transform(imported)
    let weights = PackedWeightsCache()
    let cpu = cpu
    let model = CompiledModel(
      signature: ModelSignature(imported), instructionSet: cpu.best.rawValue, weightByteCount: { weights.byteCount }
    ) { shapes throws(ModelError) in
      try Planner.plan(Self.specialize(graph, to: shapes), cpu: cpu, weights: weights)
    }
    // The first plan packs the weights and proves that the model can run.
    _ = try model.plan(for: model.smallestInputShapes)
    return model
  }

  /// The low-precision graph: the same meaning, on integers wherever possible.
  package func transform(_ imported: Graph) throws(ModelError) -> Graph {
    var graph = imported
    try PassPipeline.common.run(on: &graph)
    try PassPipeline.lowPrecision.run(on: &graph)
    try PassPipeline.fusion.run(on: &graph)
    return graph
  }

  /// The graph that a plan for these input shapes runs.
  package static func specialize(_ graph: Graph, to shapes: [Shape]) throws(ModelError) -> Graph {
    var specialized = try graph.specialized(to: shapes)
    try PassPipeline.specialization.run(on: &specialized)
    return specialized
  }
}

extension ModelSignature {
  package init(_ graph: Graph) {
    self.init(
      inputs: graph.inputs.map { Port(name: graph.node($0).name, type: graph.node($0).type) },
      outputs: graph.outputs.map { Port(name: $0.name, type: graph.type(of: $0.value)) })
  }
}
