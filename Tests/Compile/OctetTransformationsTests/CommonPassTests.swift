import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct FoldConstantsTests {
  @Test func whatNeedsNoInputIsComputed() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    let sum = try g.add(Add(), try g.scalar(1), try g.scalar(2))
    g.output(try g.add(Multiply(), x, try g.add(Negative(), sum)))
    try expectRewrite(
      of: g.graph, by: FoldConstants(),
      gives: """
        x: f32[2]
        %1 = Multiply(x, -3.0): f32[2]
        y = %1
        """)
  }

  @Test func everyResultIsFolded() throws {
    let g = GraphBuilder()
    let pool = try g.add(
      MaxPool(pooling: g.pooling(2), indexType: .i64), try g.constant([1, 5, 2, 3], [1, 1, 2, 2]))
    g.output(pool, "values")
    g.output(Value(pool.node, 1), "indices")
    try expectRewrite(of: g.graph, by: FoldConstants(), gives: "values = 5.0\nindices = 1")
  }

  @Test func dequantizedConstantsStayForThoseWhoWantIntegers() throws {
    let g = GraphBuilder()
    let weights = try g.constant([1, 2], [2], .i8)
    g.output(try g.add(Dequantize(Dequantization(scale: 0.5, zeroPoint: 1)), weights))
    expectUnchanged(g.graph, by: FoldConstants())
    try expectRewrite(of: g.graph, by: FoldDequantizedConstants(), gives: "y = f32[2]")
  }

  @Test func whatAnOperatorRefusesIsLeftToThePlanner() throws {
    let g = GraphBuilder()
    let x = try g.constant([1, 2, 3, 4])
    let pattern = try g.constant([2, -1], nil, .i64)
    g.output(try g.add(Reshape(specialZero: false), x, pattern))
    try expectRewrite(of: g.graph, by: FoldConstants(), gives: "y = f32[2, 2]")
  }
}

@Suite struct FoldShapeOfTests {
  @Test func fixedShapesAreConstants() throws {
    let g = GraphBuilder()
    g.output(try g.add(ShapeOf(outputType: .i64), try g.input("x", [2, 3])))
    try expectRewrite(of: g.graph, by: FoldShapeOf(), gives: "x: f32[2, 3]\ny = i64[2]")
  }

  @Test func openShapesAreNot() throws {
    let g = GraphBuilder()
    g.output(try g.add(ShapeOf(outputType: .i64), try g.input("x", [.dynamic, 3])))
    expectUnchanged(g.graph, by: FoldShapeOf())
  }
}

@Suite struct RemoveIdentitiesTests {
  private func removed(_ build: (GraphBuilder, Value) throws -> Value) throws {
    let g = GraphBuilder()
    g.output(try build(g, try g.input("x", [2, 3])))
    try expectRewrite(of: g.graph, by: RemoveIdentities(), gives: "x: f32[2, 3]\ny = x")
  }

  private func kept(_ shape: PartialShape = [2, 3], _ build: (GraphBuilder, Value) throws -> Value) throws {
    let g = GraphBuilder()
    g.output(try build(g, try g.input("x", shape)))
    expectUnchanged(g.graph, by: RemoveIdentities())
  }

  @Test func operatorsThatChangeNothingDisappear() throws {
    try removed { g, x in try g.reshape(x, [2, 3]) }
    try removed { g, x in try g.transpose(x, [0, 1]) }
    try removed { g, x in try g.concat([x]) }
    try removed { g, x in try g.add(Convert(to: .f32), x) }
    try removed { g, x in try g.add(Multiply(), x, try g.scalar(1)) }
    try removed { g, x in try g.add(Multiply(), try g.constant([1, 1, 1], [1, 3]), x) }
    try removed { g, x in try g.add(Add(), try g.scalar(0), x) }
  }

  @Test func operatorsThatChangeSomethingStay() throws {
    try kept { g, x in try g.reshape(x, [3, 2]) }
    try kept([3, 3]) { g, x in try g.transpose(x, [1, 0]) }
    try kept { g, x in try g.concat([x, x]) }
    try kept { g, x in try g.add(Convert(to: .f16), x) }
    try kept { g, x in try g.add(Multiply(), x, try g.scalar(0)) }
    try kept { g, x in try g.add(Add(), x, try g.scalar(1)) }
    try kept { g, x in try g.add(ReLU(), x) }
  }

  @Test func neutralConstantsThatStretchTheOperandStay() throws {
    try kept([1, 3]) { g, x in try g.add(Multiply(), x, try g.constant([1, 1], [2, 1])) }
    try kept([3]) { g, x in try g.add(Add(), x, try g.constant([0], [1, 1])) }
  }

  @Test func openExtentsThatLookAlikeNeedNotBeEqual() throws {
    try kept([.dynamic, .dynamic]) { g, x in
      try g.add(Reshape(specialZero: false), x, try g.input("shape", [2], .i64))
    }
  }

  @Test func unsignedIntegersNeedNoReLU() throws {
    let g = GraphBuilder()
    g.output(try g.add(ReLU(), try g.input("x", [2], .u8)))
    try expectRewrite(of: g.graph, by: RemoveIdentities(), gives: "x: u8[2]\ny = x", inputs: 0...255)
    let signed = GraphBuilder()
    signed.output(try signed.add(ReLU(), try signed.input("x", [2], .i8)))
    expectUnchanged(signed.graph, by: RemoveIdentities())
  }
}

@Suite struct DropUnusedIndicesTests {
  private func pool(readingIndices: Bool) throws -> Graph {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 1, 4, 4])
    let pool = try g.add(MaxPool(pooling: g.pooling(2, strides: 2), indexType: .i32), x)
    g.output(pool)
    if readingIndices { g.output(try g.add(Convert(to: .f32), Value(pool.node, 1)), "indices") }
    return g.graph
  }

  @Test func unreadIndicesGo() throws {
    var graph = try pool(readingIndices: false)
    try PassPipeline("test", [Stage("rules", [DropUnusedIndices()])]).run(on: &graph)
    let node = graph.producer(of: graph.outputs[0].value)
    #expect(node.types.count == 1)
    try expectSameMeaning(try pool(readingIndices: false), graph)
  }

  @Test func readIndicesStay() throws {
    expectUnchanged(try pool(readingIndices: true), by: DropUnusedIndices())
  }
}
