package import OctetRuntime

/// One rewrite, tried at every node. Its doc comment is `before ⇒ after`.
package protocol RewriteRule: Sendable {
  /// The edit at this node, or nil: "not mine".
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch?
}

extension RewriteRule {
  package var name: String { "\(Self.self)" }
}

/// Rules that run together until none of them finds anything.
package struct Stage: Sendable {
  package let name: String
  package let rules: [any RewriteRule]

  package init(_ name: String, _ rules: [any RewriteRule]) {
    self.name = name
    self.rules = rules
  }
}

/// Stages in order.
package struct PassPipeline: Sendable {
  /// A rule that undoes another would run forever; no sound stage needs nearly as many sweeps over the graph.
  private static let maximumSweeps = 1000

  package let name: String
  package let stages: [Stage]

  package init(_ name: String, _ stages: [Stage]) {
    self.name = name
    self.stages = stages
  }

  package func run(on graph: inout Graph) throws(ModelError) {
    for stage in stages {
      try run(stage, on: &graph)
      try GraphVerifier.verify(graph).mapError { $0.located(at: "\(name) › \(stage.name)") }.get()
    }
  }

  private func run(_ stage: Stage, on graph: inout Graph) throws(ModelError) {
    for _ in 0..<Self.maximumSweeps {
      var changed = false
      for id in graph.topologicalOrder {
        for rule in stage.rules where graph.contains(id) {
          guard let patch = rule.rewrite(graph.node(id), in: graph) else { continue }
          let place = graph.node(id).name
          do throws(ModelError) {
            try patch.apply(to: &graph)
          } catch {
            throw error.located(at: "\(name) › \(stage.name) › \(rule.name) at '\(place)'")
          }
          changed = true
        }
      }
      if !changed { return }
    }
    throw .model("\(name) › \(stage.name): no fixed point after \(Self.maximumSweeps) sweeps")
  }
}
