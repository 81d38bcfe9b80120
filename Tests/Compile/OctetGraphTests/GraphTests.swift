import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@Suite struct GraphTests {
  /// x → a → (b, c) → d, built so that d's operands stand in the other order.
  private func diamond() throws -> GraphBuilder {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    let a = try g.add(ReLU(), x, name: "a")
    let b = try g.add(Negative(), a, name: "b")
    let c = try g.add(Floor(), a, name: "c")
    g.output(try g.add(Subtract(), c, b, name: "d"))
    return g
  }

  @Test func everyNodeComesAfterThoseItDependsOn() throws {
    let graph = try diamond().graph
    #expect(graph.topologicalOrder.map { graph.node($0).name } == ["x", "a", "b", "c", "d"])
  }

  @Test func aPatchMayPutANewNodeInFrontOfAnOldOne() throws {
    var graph = try diamond().graph
    let a = try #require(graph.topologicalOrder.first { graph.node($0).name == "a" })
    var patch = GraphPatch(to: graph)
    patch.replace(Value(a), with: patch.add(Ceiling(), graph.node(a).operands, from: graph.node(a)))
    try patch.apply(to: &graph)
    let names = graph.topologicalOrder.map { graph.node($0).op.name }
    #expect(names == ["Parameter", "Ceiling", "Negative", "Floor", "Subtract"])
  }

  @Test func orderNeedsNoStackPerNode() throws {
    let g = GraphBuilder()
    var value = try g.input("x", [1])
    for _ in 0..<50_000 { value = try g.add(ReLU(), value) }
    g.output(value)
    #expect(g.graph.topologicalOrder.count == 50_001)
  }

  @Test func aUserCountsAsOftenAsItReads() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    let sum = try g.add(Add(), x, x)
    g.output(sum)
    #expect(g.graph.users(of: x).count == 2)
    #expect(!g.graph.hasSingleUse(x))
    #expect(g.graph.users(of: sum).isEmpty)
  }

  @Test func anOutputIsNotASingleUse() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    let a = try g.add(ReLU(), x)
    let b = try g.add(Negative(), a)
    g.output(b)
    #expect(g.graph.hasSingleUse(a))
    g.output(a, "a")
    #expect(!g.graph.hasSingleUse(a))
  }

  @Test func resultsOfOneNodeAreDifferentValues() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 1, 4, 4])
    let pool = try g.add(MaxPool(pooling: g.pooling(2, strides: 2), indexType: .i32), x)
    let indices = Value(pool.node, 1)
    let values = try g.add(ReLU(), pool)
    g.output(values)
    #expect(g.graph.users(of: indices).isEmpty)
    #expect(g.graph.users(of: pool).map(\.id) == [values.node])
    #expect(g.graph.type(of: indices) == TensorType(.i32, [1, 1, 2, 2] as PartialShape))
  }

  @Test func dumpShowsOneNodeALine() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 2, 4, 4])
    let scaled = try g.add(Multiply(), x, try g.scalar(0.5))
    let pool = try g.add(MaxPool(pooling: g.pooling(2, strides: 2), indexType: .i64), scaled)
    g.output(pool, "values")
    g.output(Value(pool.node, 1), "indices")
    #expect(
      g.graph.dump == """
        x: f32[1, 2, 4, 4]
        %1 = Multiply(x, 0.5): f32[1, 2, 4, 4]
        %2 = MaxPool(%1) kernel 2×2 strides 2×2: f32[1, 2, 2, 2]
        values = %2
        indices = %2.1
        """)
  }

  @Test func dumpShowsLongConstantsByType() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [3])
    g.output(try g.add(Add(), x, try g.constant([1, 2, 3])))
    #expect(
      g.graph.dump == """
        x: f32[3]
        %1 = Add(x, f32[3]): f32[3]
        y = %1
        """)
  }

  /// Weights of 4 bits are stored like that; nothing computes on them before they are converted.
  @Test(arguments: [ElementType.i4, .u4])
  func onlyConversionsReadPackedElements(_ elementType: ElementType) throws {
    let g = GraphBuilder()
    let storage = TensorStorage(byteCount: 1)
    let packed = try g.constant(try #require(Tensor(elementType, [2], storage: storage)))
    g.output(try g.add(Convert(to: .f32), packed))
    #expect(
      throws: OperatorError("operands of Add: expected elements of 8 bits or more, found \(elementType)[2]")
    ) { try g.add(Add(), packed, packed) }
  }

  @Test func aNodeThatItsOperatorRefusesIsNotAdded() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [3])
    let count = g.graph.nodeCount
    #expect(throws: OperatorError.self) { try g.add(Add(), x) }
    #expect(g.graph.nodeCount == count)
  }
}

@Suite struct SpecializationTests {
  private func doubling(_ shape: PartialShape) throws -> Graph {
    let g = GraphBuilder()
    let x = try g.input("x", shape)
    g.output(try g.add(Add(), x, x))
    return g.graph
  }

  @Test func concreteInputShapesReachEveryResult() throws {
    let graph = try doubling([.dynamic, 3]).specialized(to: [[5, 3]])
    #expect(graph.type(of: graph.outputs[0].value) == TensorType(.f32, [5, 3] as PartialShape))
  }

  @Test func theOriginalStaysOpen() throws {
    let graph = try doubling([.dynamic, 3])
    _ = try graph.specialized(to: [[5, 3]])
    #expect(graph.type(of: graph.outputs[0].value).shape.fixed == nil)
  }

  @Test func aShapeThatALayerRefusesIsReportedAtThatLayer() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [.dynamic, .dynamic])
    g.output(try g.add(Add(), x, try g.constant([1, 2, 3]), name: "bias"))
    let error = #expect(throws: (any Error).self) { try g.graph.specialized(to: [[5, 4]]) }
    #expect("\(error as Any)".contains("layer 'bias' (Add): shapes: expected extents that are equal or 1"))
  }
}
