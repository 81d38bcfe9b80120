package import OctetGraph
package import OctetKernels
package import OctetRuntime
package import OctetTensor
import OctetTransformations

/// Turns an imported graph into something that can run.
package struct ModelCompiler: Sendable {
  package let cpu: CPU
  package let memoryLimit: MemoryLimit

  package init(cpu: CPU = .current, memoryLimit: MemoryLimit = .physical) {
    self.cpu = cpu
    self.memoryLimit = memoryLimit
  }

  /// The load path: what is done once per model, and how a plan is made when its input shapes are known.
  package func compile(_ imported: Graph) throws(ModelError) -> CompiledModel {
    let graph = try transform(imported)
    let weights = PackedWeightsCache()
    let compiler = self
    let signature = ModelSignature(imported)
    let makePlan = { @Sendable (shapes: [Shape]) throws(ModelError) in
      try compiler.plan(Self.specialize(graph, to: shapes), weights)
    }
    let shapes = try Self.workingShapes(signature, FittingShapes(imported, signature), makePlan)
    let model = CompiledModel(
      signature: ModelSignature(
        inputs: signature.inputs, outputs: signature.outputs,
        outputsFollowRows: signature.isBatchable && Self.outputsFollowRows(graph, shapes)),
      instructionSet: cpu.best.rawValue, smallestInputShapes: shapes, weightByteCount: { weights.byteCount },
      makePlan: makePlan)
    // The first plan packs the weights and proves that the model can run.
    _ = try model.plan(for: model.smallestInputShapes)
    return model
  }

  /// A plan for the whole graph, or up to where shapes depend on values and from there on for every shape that is decided.
  private func plan(_ graph: Graph, _ weights: PackedWeightsCache) throws(ModelError) -> ExecutionPlan {
    guard let cut = try ShapeCut(graph, memoryLimit: memoryLimit) else {
      return try Planner.plan(graph, cpu: cpu, weights: weights, memoryLimit: memoryLimit)
    }
    let continuation = cut.continuation { shapes throws(ModelError) in
      try plan(Self.specialize(cut.rest, to: shapes), weights)
    }
    let layers = continuation.decisions.map(\.layer) + cut.followingLayers
    return try Planner.plan(cut.known, cpu: cpu, weights: weights, memoryLimit: memoryLimit)
      .continued(by: continuation, layers: layers)
  }

  /// The smallest of a few image sizes that the model can run: a dynamic one may not take a single pixel. Where none is one,
  /// shapes that fit to the model's constants.
  private static func workingShapes(
    _ signature: ModelSignature, _ others: FittingShapes, _ makePlan: ([Shape]) throws(ModelError) -> ExecutionPlan
  ) throws(ModelError) -> [Shape] {
    let smallest = signature.inputShapes(openExtent: 1)
    if signature.inputs.allSatisfy({ $0.type.shape.fixed != nil }) { return smallest }
    var firstError: ModelError?
    for extent in [1, 8, 32, 64, 224] {
      let shapes = signature.inputShapes(openExtent: extent)
      do throws(ModelError) {
        _ = try makePlan(shapes)
        return shapes
      } catch {
        firstError = firstError ?? error
      }
    }
    if let shapes = others.first(where: { (try? makePlan($0)) != nil }) { return shapes }
    throw firstError ?? .model("no input shape was tried")
  }

  /// Whether two rows and three give outputs of two rows and three.
  private static func outputsFollowRows(_ graph: Graph, _ shapes: [Shape]) -> Bool {
    [2, 3].allSatisfy { rows in
      let batch = shapes.compactMap { Shape([rows] + $0.extents.dropFirst()) }
      guard batch.count == shapes.count, let specialized = try? specialize(graph, to: batch) else { return false }
      return specialized.outputs.allSatisfy { specialized.type(of: $0.value).shape[0] == .fixed(rows) }
    }
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
