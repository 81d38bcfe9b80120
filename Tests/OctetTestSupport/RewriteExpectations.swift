package import OctetGraph
package import OctetTensor
package import Testing

/// Runs one rule to a fixed point and expects the graph that results, with equal results for random inputs.
///
/// - Parameter tolerance: what outputs may differ by, relative to the largest of them: f32 constants that a rule folds
///   are rounded once more or once less.
package func expectRewrite(
  of graph: Graph, by rules: any RewriteRule..., gives dump: String, tolerance: Double = 0,
  inputs: ClosedRange<Double> = -1...1, _ location: SourceLocation = #_sourceLocation
) throws {
  var rewritten = graph
  try PassPipeline("test", [Stage("rules", rules)]).run(on: &rewritten)
  #expect(rewritten.dump == dump, sourceLocation: location)
  try expectSameMeaning(graph, rewritten, tolerance: tolerance, inputs: inputs, location)
}

/// Expects that a rule finds nothing of its own in a graph.
package func expectUnchanged(
  _ graph: Graph, by rule: any RewriteRule, _ location: SourceLocation = #_sourceLocation
) {
  for id in graph.topologicalOrder {
    #expect(
      rule.rewrite(graph.node(id), in: graph) == nil, "\(rule.name) rewrote '\(graph.node(id).name)'",
      sourceLocation: location)
  }
}

/// Expects two graphs to compute the same for the same random inputs.
package func expectSameMeaning(
  _ a: Graph, _ b: Graph, tolerance: Double = 0, inputs: ClosedRange<Double> = -1...1,
  _ location: SourceLocation = #_sourceLocation
) throws {
  let tensors = a.randomInputs(seed: 7, in: inputs)
  let before = try Interpreter(a).run(tensors)
  let after = try Interpreter(b).run(tensors)
  #expect(before.map(\.type) == after.map(\.type), sourceLocation: location)
  for (expected, found) in zip(before, after) {
    let difference = largestDifference(found.doubles, expected.doubles)
    #expect(difference <= tolerance, sourceLocation: location)
  }
}

/// The largest difference, relative to the largest expected magnitude; NaN differs from every number.
package func largestDifference(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let scale = expected.lazy.map(abs).filter(\.isFinite).max() ?? 0
  return zip(found, expected).reduce(0) { largest, pair in
    let (a, b) = pair
    if a == b || (a.isNaN && b.isNaN) { return largest }
    let difference = abs(a - b) / max(scale, .leastNormalMagnitude)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}

extension Graph {
  /// Random tensors of the inputs' types; open extents are 2.
  package func randomInputs(
    seed: UInt64, in range: ClosedRange<Double> = -1...1, openExtent: Int = 2
  ) -> [Tensor] {
    var random = SeededRandom(seed: seed)
    return inputs.map { id in
      let type = node(id).type
      let extents = type.shape.dimensions.map { $0.fixedExtent ?? openExtent }
      return random.tensor(type.elementType, Shape(valid: extents), in: range)
    }
  }
}
