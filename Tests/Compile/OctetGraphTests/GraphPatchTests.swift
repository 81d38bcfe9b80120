import OctetGraph
import OctetOperators
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@Suite struct GraphPatchTests {
  private func chain() throws -> (graph: Graph, first: Node, second: Node) {
    let g = GraphBuilder()
    let x = try g.input("x", [4])
    let a = try g.add(ReLU(), x, name: "first")
    let b = try g.add(Negative(), a, name: "second")
    g.output(b)
    return (g.graph, g.graph.node(a.node), g.graph.node(b.node))
  }

  @Test func replacedNodesGoWithEverythingThatOnlyTheyRead() throws {
    var (graph, first, second) = try chain()
    var patch = GraphPatch(to: graph)
    patch.replace(second.value, with: first.operands[0])
    try patch.apply(to: &graph)
    #expect(!graph.contains(second.id))
    #expect(!graph.contains(first.id))
    #expect(graph.dump == "x: f32[4]\ny = x")
  }

  @Test func sharedOperandsStay() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [4])
    let shared = try g.add(ReLU(), x)
    let a = try g.add(Negative(), shared)
    let b = try g.add(Floor(), shared)
    g.output(a, "a")
    g.output(b, "b")
    var graph = g.graph
    var patch = GraphPatch(to: graph)
    patch.replace(a, with: x)
    try patch.apply(to: &graph)
    #expect(graph.contains(shared.node))
    #expect(graph.users(of: shared).map(\.id) == [b.node])
  }

  @Test func inputsStayEvenWhenNobodyReadsThem() throws {
    var (graph, _, second) = try chain()
    var patch = GraphPatch(to: graph)
    patch.replace(second.value, with: patch.addConstant(Tensor(.f32, [4]), from: second))
    try patch.apply(to: &graph)
    #expect(graph.inputs.count == 1)
    #expect(graph.contains(graph.inputs[0]))
    #expect(graph.nodeCount == 2)
  }

  @Test func everyUserReadsTheReplacement() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [4])
    let a = try g.add(ReLU(), x)
    let b = try g.add(Add(), a, a)
    let c = try g.add(Multiply(), a, b)
    g.output(c)
    g.output(a, "a")
    var graph = g.graph
    var patch = GraphPatch(to: graph)
    patch.replace(a, with: patch.add(Negative(), [x], from: graph.node(a.node)))
    try patch.apply(to: &graph)
    #expect(
      graph.dump == """
        x: f32[4]
        %1 = Negative(x): f32[4]
        %2 = Add(%1, %1): f32[4]
        %3 = Multiply(%1, %2): f32[4]
        y = %3
        a = %1
        """)
  }

  @Test func newNodesThatNothingReadsGo() throws {
    var (graph, first, second) = try chain()
    let count = graph.nodeCount
    var patch = GraphPatch(to: graph)
    _ = patch.add(Floor(), [first.value], from: second)
    try patch.apply(to: &graph)
    #expect(graph.nodeCount == count)
    #expect(graph.users(of: first.value).count == 1)
  }

  @Test func newNodesTakeNameTypeAndReasonFromTheirOrigin() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [4])
    var graph = g.graph
    let origin = try graph.add(ReLU(), [x], name: "conv1", layerType: "Relu", fused: ["bias"], reason: "because")
    graph.addOutput(Value(origin), name: "y")
    var patch = GraphPatch(to: graph)
    patch.replace(Value(origin), with: patch.add(Floor(), [x], from: graph.node(origin)))
    try patch.apply(to: &graph)
    let node = graph.producer(of: graph.outputs[0].value)
    #expect(node.name == "conv1")
    #expect(node.layerType == "Relu")
    #expect(node.fused == ["bias"])
    #expect(node.reason == "because")
  }

  @Test func anotherTypeMayNotReplaceAValue() throws {
    var (graph, _, second) = try chain()
    var patch = GraphPatch(to: graph)
    patch.replace(second.value, with: patch.addConstant(Tensor(.u8, [4]), from: second))
    let error = #expect(throws: ModelError.self) { try patch.apply(to: &graph) }
    #expect(error?.description == "at 'second': result u8[4] may not replace f32[4]")
  }

  @Test func anUnsoundNewNodeIsReportedWhereItWasMade() throws {
    var (graph, first, second) = try chain()
    var patch = GraphPatch(to: graph)
    patch.replace(second.value, with: patch.add(Add(), [first.value], from: second))
    let error = #expect(throws: ModelError.self) { try patch.apply(to: &graph) }
    #expect(error?.description == "Add at 'second': operands of Add: expected 2, found 1")
  }

  @Test func aPatchForAnotherStateOfTheGraphTraps() async {
    await #expect(processExitsWith: .failure) {
      let g = GraphBuilder()
      let x = try g.input("x", [4])
      let stale = GraphPatch(to: g.graph)
      try g.add(ReLU(), x)
      var graph = g.graph
      try stale.apply(to: &graph)
    }
  }
}
