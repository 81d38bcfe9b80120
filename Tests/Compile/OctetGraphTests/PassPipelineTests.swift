import OctetGraph
import OctetOperators
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// `Ceiling(x)`  ⇒  `Floor(x)`
private struct CeilingToFloor: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Ceiling else { return nil }
    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(Floor(), node.operands, from: node))
    return patch
  }
}

/// `Floor(x)`  ⇒  `Ceiling(x)`
private struct FloorToCeiling: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Floor else { return nil }
    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(Ceiling(), node.operands, from: node))
    return patch
  }
}

/// `Abs(Abs(x))`  ⇒  `Abs(x)`
private struct JoinAbs: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Abs, graph.producer(of: node.operands[0]).op is Abs else { return nil }
    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: node.operands[0])
    return patch
  }
}

/// An edit that no graph takes: f32 becomes a constant of i64.
private struct Unsound: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is ReLU else { return nil }
    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.addConstant(Tensor(.i64, [4]), from: node))
    return patch
  }
}

/// `f(x)`  ⇒  `Abs(f(x))` where the new node reads what it replaces: itself.
private struct SelfReading: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is ReLU else { return nil }
    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(Abs(), [node.value], from: node))
    return patch
  }
}

@Suite struct PassPipelineTests {
  private func chain(_ operators: any Operator...) throws -> Graph {
    let g = GraphBuilder()
    var value = try g.input("x", [4])
    for op in operators { value = try g.add(op, value, name: "\(op.name) layer") }
    g.output(value)
    return g.graph
  }

  private func names(_ graph: Graph) -> [String] { graph.topologicalOrder.map { graph.node($0).op.name } }

  @Test func rulesRunUntilNoneFindsAnything() throws {
    var graph = try chain(Abs(), Abs(), Abs(), Ceiling(), Abs(), Abs())
    try PassPipeline("test", [Stage("stage", [JoinAbs(), CeilingToFloor()])]).run(on: &graph)
    #expect(names(graph) == ["Parameter", "Abs", "Floor", "Abs"])
  }

  @Test func stagesRunInOrder() throws {
    var graph = try chain(Ceiling())
    try PassPipeline("test", [Stage("one", [CeilingToFloor()]), Stage("two", [FloorToCeiling()])]).run(on: &graph)
    #expect(names(graph) == ["Parameter", "Ceiling"])
  }

  @Test func anUnsoundEditIsReportedWithItsWholeTrail() throws {
    var graph = try chain(ReLU())
    let error = #expect(throws: ModelError.self) {
      try PassPipeline("low precision", [Stage("main", [Unsound()])]).run(on: &graph)
    }
    #expect(
      error?.description
        == "low precision › main › Unsound at 'ReLU layer': at 'ReLU layer': result i64[4] may not replace f32[4]")
  }

  @Test func rulesThatUndoEachOtherAreReported() throws {
    var graph = try chain(Ceiling())
    let error = #expect(throws: ModelError.self) {
      try PassPipeline("test", [Stage("stage", [CeilingToFloor(), FloorToCeiling()])]).run(on: &graph)
    }
    #expect(error?.description == "test › stage: no fixed point after 1000 sweeps")
  }

  @Test func aCycleIsReportedAfterItsStage() throws {
    var graph = try chain(ReLU())
    let error = #expect(throws: ModelError.self) {
      try PassPipeline("test", [Stage("stage", [SelfReading()])]).run(on: &graph)
    }
    #expect(error?.description == "test › stage: layer 'ReLU layer' depends on itself")
  }
}
