import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct BindParametersTests {
  @Test func constantsBecomePartOfTheFunction() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3])
    g.output(try g.add(Swish(), x), "plain")
    g.output(try g.add(Swish(), x, try g.scalar(1.5)), "swish")
    g.output(try g.add(HardSigmoid(), x, try g.scalar(0.25), try g.scalar(0.5)), "hard")
    g.output(try g.add(Selu(), x, try g.scalar(1.5), try g.scalar(1.25)), "selu")
    try expectRewrite(
      of: g.graph, by: BindParameters(),
      gives: """
        x: f32[2, 3]
        %1 = Swish(x): f32[2, 3]
        %2 = Swish(x) 1.5: f32[2, 3]
        %3 = HardSigmoid(x) 0.25, 0.5: f32[2, 3]
        %4 = Selu(x) 1.5, 1.25: f32[2, 3]
        plain = %1
        swish = %2
        hard = %3
        selu = %4
        """)
  }

  @Test func equalSlopesAreOne() throws {
    let g = GraphBuilder()
    g.output(try g.add(PReLU(), try g.input("x", [2, 3, 4]), try g.constant([0.25, 0.25, 0.25])))
    try expectRewrite(
      of: g.graph, by: BindParameters(),
      gives: "x: f32[2, 3, 4]\n%1 = PReLU(x) slope 0.25: f32[2, 3, 4]\ny = %1")
  }

  @Test func whatARequestDecidesStays() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3])
    g.output(try g.add(Swish(), x, try g.input("beta", [])), "swish")
    g.output(try g.add(PReLU(), x, try g.constant([0.25, 0.5, 0.25])), "slopes")
    expectUnchanged(g.graph, by: BindParameters())
  }

  /// Between two quantizers each of them is a table.
  @Test func boundFunctionsBecomeTables() throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [1, 3, 4, 4]), -1, 1.55)
    for (name, value) in [
      ("swish", try g.add(Swish(), x)), ("slope", try g.add(PReLU(), x, try g.scalar(0.3))),
      ("hard", try g.add(HardSigmoid(), x, try g.scalar(0.25), try g.scalar(0.5))),
    ] {
      g.output(try g.fakeQuantize(value, -0.5, 1), name)
    }
    var graph = g.graph
    for pipeline in [PassPipeline.common, .lowPrecision] { try pipeline.run(on: &graph) }
    #expect(graph.topologicalOrder.count { graph.node($0).op is LookupTable } == 3)
    try expectSameMeaning(g.graph, graph, tolerance: 1e-6)
  }
}

@Suite struct DecomposeGroupNormalizationTests {
  private func graph(_ shape: PartialShape, groups: Int) throws -> Graph {
    let g = GraphBuilder()
    g.output(
      try g.add(
        GroupNormalization(groups: groups, epsilon: 1e-3), try g.input("x", shape), try g.randomConstant([6]),
        try g.randomConstant([6])))
    return g.graph
  }

  @Test func aGroupIsARow() throws {
    try expectRewrite(
      of: try graph([.dynamic, 6, 4, 5], groups: 3), by: DecomposeGroupNormalization(),
      gives: """
        x: f32[?, 6, 4, 5]
        %1 = Reshape(x, i64[3]): f32[?, 3, 40]
        %2 = MVN(%1) eps 0.001: f32[?, 3, 40]
        %3 = Reshape(%2, i64[4]): f32[?, 6, 4, 5]
        %4 = Reshape(f32[6], i64[4]): f32[1, 6, 1, 1]
        %5 = Multiply(%3, %4): f32[?, 6, 4, 5]
        %6 = Reshape(f32[6], i64[4]): f32[1, 6, 1, 1]
        %7 = Add(%5, %6): f32[?, 6, 4, 5]
        y = %7
        """, tolerance: 1e-5)
  }

  @Test func openPixelsStay() throws {
    expectUnchanged(try graph([1, 6, .dynamic, 5], groups: 2), by: DecomposeGroupNormalization())
  }
}

@Suite struct DecomposeLRNTests {
  private func graph(
    _ shape: PartialShape = [2, 6, 4, 5], bias: Double = 1.5, size: Int = 5, axes: [Int] = [1]
  ) throws -> Graph {
    let g = GraphBuilder()
    let norm = try LRN(alpha: 0.5, beta: 0.75, bias: bias, size: size)
    g.output(try g.add(norm, try g.input("x", shape), try g.integers(axes)))
    return g.graph
  }

  @Test func theWindowIsAPooling() throws {
    try expectRewrite(
      of: try graph(), by: DecomposeLRN(),
      gives: """
        x: f32[2, 6, 4, 5]
        %1 = Reshape(x, i64[3]): f32[2, 6, 20]
        %2 = Transpose(%1, i64[3]): f32[2, 20, 6]
        %3 = Multiply(%2, %2): f32[2, 20, 6]
        %4 = AvgPool(%3) kernel 5 pads 2…2: f32[2, 20, 6]
        %5 = Multiply(%4, 0.5): f32[2, 20, 6]
        %6 = Add(%5, 1.5): f32[2, 20, 6]
        %7 = Log(%6): f32[2, 20, 6]
        %8 = Multiply(%7, -0.75): f32[2, 20, 6]
        %9 = Exp(%8): f32[2, 20, 6]
        %10 = Multiply(%2, %9): f32[2, 20, 6]
        %11 = Transpose(%10, i64[3]): f32[2, 6, 20]
        %12 = Reshape(%11, i64[4]): f32[2, 6, 4, 5]
        y = %12
        """, tolerance: 1e-6, inputs: -3...3)
  }

  @Test(arguments: [1, 2, 4, 11])
  func windowsOfAnySize(_ size: Int) throws {
    let graph = try graph(size: size)
    var decomposed = graph
    try PassPipeline("test", [Stage("rules", [DecomposeLRN()])]).run(on: &decomposed)
    #expect(!decomposed.topologicalOrder.contains { decomposed.node($0).op is LRN })
    try expectSameMeaning(graph, decomposed, tolerance: 1e-6)
  }

  @Test func otherAxesAndNothingToDivideByStay() throws {
    expectUnchanged(try graph(axes: [2, 3]), by: DecomposeLRN())
    expectUnchanged(try graph(bias: 0), by: DecomposeLRN())
    expectUnchanged(try graph([2, 6, .dynamic, 5]), by: DecomposeLRN())
  }
}

@Suite struct DequantizeBytesTests {
  @Test func aPictureIsQuantizedAsItIs() throws {
    let g = GraphBuilder()
    g.output(try g.add(Convert(to: .f32), try g.input("x", [1, 3, 4, 4], .u8)))
    try expectRewrite(
      of: g.graph, by: DequantizeBytes(),
      gives: "x: u8[1, 3, 4, 4]\n%1 = Dequantize(x) scale 1.0 zeroPoint 0.0: f32[1, 3, 4, 4]\ny = %1", inputs: 0...255)
  }

  @Test func otherTypesStay() throws {
    for (from, to) in [(ElementType.i8, ElementType.f32), (.u8, .i32), (.i32, .f32)] {
      let g = GraphBuilder()
      g.output(try g.add(Convert(to: to), try g.input("x", [1, 3], from)))
      expectUnchanged(g.graph, by: DequantizeBytes())
    }
  }

  /// Mean and scale are in the dequantization, and nothing of the picture is ever f32.
  @Test func preprocessingIsOneStep() throws {
    let g = GraphBuilder()
    let x = try g.add(Convert(to: .f32), try g.input("x", [1, 3, 4, 4], .u8))
    let centred = try g.add(Subtract(), x, try g.constant([123, 117, 104], [1, 3, 1, 1]))
    let scaled = try g.add(Divide(), centred, try g.constant([58, 57, 56], [1, 3, 1, 1]))
    g.output(try g.int8Convolution(try g.fakeQuantize(scaled, -2.1, 2.6), inputs: 3, outputs: 5))
    var graph = g.graph
    for pipeline in [PassPipeline.common, .lowPrecision, .fusion] { try pipeline.run(on: &graph) }
    let types = graph.topologicalOrder.map(graph.node).filter { !($0.op is Constant) }.dropLast().map(
      \.type.elementType)
    #expect(types.allSatisfy { $0 == .u8 }, "\(types)")
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5, inputs: 0...255)
  }
}

@Suite struct DecomposeEinsumTests {
  private func graph(_ equation: String, _ shapes: [PartialShape]) throws -> Graph {
    let g = GraphBuilder()
    let operands = try shapes.enumerated().map { index, shape in try g.input("x\(index)", shape) }
    g.output(Value(try g.addNode(try Einsum(equation: equation), operands)))
    return g.graph
  }

  @Test func attentionIsAProductOfMatrices() throws {
    try expectRewrite(
      of: try graph("bqhd,bkhd->bhqk", [[.dynamic, 4, 3, 5], [.dynamic, 6, 3, 5]]), by: DecomposeEinsum(),
      gives: """
        x0: f32[?, 4, 3, 5]
        x1: f32[?, 6, 3, 5]
        %1 = Transpose(x0, i64[4]): f32[?, 3, 4, 5]
        %2 = Transpose(x1, i64[4]): f32[?, 3, 6, 5]
        %3 = MatMul(%1, %2) transposeB: f32[?, 3, 4, 6]
        y = %3
        """, tolerance: 1e-6)
  }

  @Test(arguments: [
    ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,jk->ki", [[2, 3], [3, 4]]), ("i,j->ij", [[2], [3]]), ("i,i->", [[3], [3]]),
    ("ij->ji", [[2, 3]]), ("ijk->i", [[2, 3, 4]]), ("abc,cd->abd", [[2, 3, 4], [4, 5]]),
    ("abcd,cdef->abef", [[2, 3, 4, 5], [4, 5, 2, 3]]), ("abx,bcy->ac", [[2, 3, 4], [3, 5, 2]]),
    ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]), ("bi,bi->b", [[2, 5], [2, 5]]),
    ("ab,bc,cd->ad", [[2, 3], [3, 2], [2, 4]]),
    ("a,ab,abc->c", [[2], [2, 3], [2, 3, 4]]),
  ])
  func everyEquationKeepsItsMeaning(_ equation: String, _ shapes: [[Int]]) throws {
    let graph = try graph(equation, shapes.map { PartialShape($0.map(Dimension.fixed)) })
    var decomposed = graph
    try PassPipeline("test", [Stage("rules", [DecomposeEinsum()])]).run(on: &decomposed)
    #expect(!decomposed.topologicalOrder.contains { decomposed.node($0).op is Einsum }, "\(decomposed.dump)")
    try expectSameMeaning(graph, decomposed, tolerance: 1e-6)
  }

  @Test func diagonalsAxesWithoutNamesAndOpenExtentsStay() throws {
    expectUnchanged(try graph("ii->i", [[3, 3]]), by: DecomposeEinsum())
    expectUnchanged(try graph("...i,i->...", [[2, 3], [3]]), by: DecomposeEinsum())
    expectUnchanged(try graph("ij,jk->ik", [[.dynamic, 3], [3, 4]]), by: DecomposeEinsum())
  }

  @Test func quantizedSidesGiveAnIntegerProduct() throws {
    let g = GraphBuilder()
    let q = try g.fakeQuantize(try g.input("q", [2, 4, 3, 5]), -1, 1.2)
    let k = try g.fakeQuantize(try g.input("k", [2, 6, 3, 5]), -1.3, 1)
    g.output(Value(try g.addNode(try Einsum(equation: "bqhd,bkhd->bhqk"), [q, k])))
    var graph = g.graph
    for pipeline in [PassPipeline.common, .lowPrecision] { try pipeline.run(on: &graph) }
    let products = graph.topologicalOrder.map(graph.node).filter { $0.op is MatMul && $0.type.shape == [2, 3, 4, 6] }
    #expect(products.contains { graph.type(of: $0.operands[0]).elementType == .u8 }, "\(graph.dump)")
    try expectSameMeaning(g.graph, graph, tolerance: 1e-5)
  }
}

@Suite struct BroadcastBatchesTests {
  @Test func bothSidesAreSpreadOut() throws {
    let g = GraphBuilder()
    g.output(
      try g.add(
        MatMul(transposeA: false, transposeB: false), try g.input("a", [2, 1, 3, 4]), try g.input("b", [1, 5, 4, 6])))
    try expectRewrite(
      of: g.graph, by: BroadcastBatches(),
      gives: """
        a: f32[2, 1, 3, 4]
        b: f32[1, 5, 4, 6]
        %1 = Broadcast(a, i64[4]) numpy: f32[2, 5, 3, 4]
        %2 = Broadcast(b, i64[4]) numpy: f32[2, 5, 4, 6]
        %3 = MatMul(%1, %2): f32[2, 5, 3, 6]
        y = %3
        """)
  }

  @Test(arguments: [
    ([3, 4], [2, 5, 4, 6]), ([2, 5, 3, 4], [2, 5, 4, 6]), ([2, 1, 3, 4], [1, 1, 4, 6]),
  ])
  func batchesThatTheKernelTakesStay(_ a: [Int], _ b: [Int]) throws {
    let g = GraphBuilder()
    g.output(
      try g.add(
        MatMul(transposeA: false, transposeB: false), try g.input("a", PartialShape(a.map(Dimension.fixed))),
        try g.input("b", PartialShape(b.map(Dimension.fixed)))))
    expectUnchanged(g.graph, by: BroadcastBatches())
  }
}

@Suite struct FoldIntegerRoundTripTests {
  private func graph(_ zeroPoint: Double, through type: ElementType, scale: Double = 1) throws -> Graph {
    let g = GraphBuilder()
    let x = try g.add(Dequantize(Dequantization(scale: scale, zeroPoint: zeroPoint)), try g.input("x", [2, 3], .u8))
    g.output(try g.add(Convert(to: .f32), try g.add(Convert(to: type), x)))
    return g.graph
  }

  @Test func storedIntegersAreTheSteps() throws {
    try expectRewrite(
      of: try graph(128, through: .i8), by: FoldIntegerRoundTrip(),
      gives: "x: u8[2, 3]\n%1 = Dequantize(x) scale 1.0 zeroPoint 128.0: f32[2, 3]\ny = %1", inputs: 0...255)
    try expectRewrite(
      of: try graph(0, through: .u8), by: FoldIntegerRoundTrip(),
      gives: "x: u8[2, 3]\n%1 = Convert(x) to f32: f32[2, 3]\ny = %1", inputs: 0...255)
  }

  @Test func whatIsRoundedOrCutStays() throws {
    expectUnchanged(try graph(0, through: .i8), by: FoldIntegerRoundTrip())
    expectUnchanged(try graph(128, through: .u8), by: FoldIntegerRoundTrip())
    expectUnchanged(try graph(127.5, through: .i8), by: FoldIntegerRoundTrip())
    expectUnchanged(try graph(128, through: .i8, scale: 0.5), by: FoldIntegerRoundTrip())
  }
}

@Suite struct DecomposeAdaptivePoolTests {
  private func graph(_ sizes: [Int], _ shape: PartialShape = [2, 3, 4, 6]) throws -> Graph {
    let g = GraphBuilder()
    g.output(try g.add(AdaptiveAvgPool(), try g.input("x", shape), try g.integers(sizes)))
    return g.graph
  }

  @Test func oneWindowIsAMeanAndEqualOnesAreAPooling() throws {
    try expectRewrite(
      of: try graph([1, 1], [2, 3, .dynamic, 6]), by: DecomposeAdaptivePool(),
      gives: "x: f32[2, 3, ?, 6]\n%1 = ReduceMean(x, i64[2]) keepsAxes: f32[2, 3, 1, 1]\ny = %1", tolerance: 1e-6)
    try expectRewrite(
      of: try graph([2, 6]), by: DecomposeAdaptivePool(),
      gives: "x: f32[2, 3, 4, 6]\n%1 = AvgPool(x) kernel 2×1 strides 2×1 excludesPadding: f32[2, 3, 2, 6]\ny = %1",
      tolerance: 1e-6)
  }

  @Test func windowsOfTwoSizesStay() throws {
    expectUnchanged(try graph([3, 3]), by: DecomposeAdaptivePool())
    expectUnchanged(try graph([2, 2], [2, 3, .dynamic, 6]), by: DecomposeAdaptivePool())
  }
}
