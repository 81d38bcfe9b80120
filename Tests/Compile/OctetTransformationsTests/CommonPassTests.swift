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

@Suite struct FoldShapeFunctionsTests {
  @Test func fixedShapesAreConstants() throws {
    let g = GraphBuilder()
    g.output(try g.add(ShapeOf(outputType: .i64), try g.input("x", [2, 3])))
    try expectRewrite(of: g.graph, by: FoldShapeFunctions(), gives: "x: f32[2, 3]\ny = i64[2]")
  }

  @Test func openShapesAreNot() throws {
    let g = GraphBuilder()
    g.output(try g.add(ShapeOf(outputType: .i64), try g.input("x", [.dynamic, 3])))
    expectUnchanged(g.graph, by: FoldShapeFunctions())
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

@Suite struct FoldAffineIntoWeightsTests {
  private let channels: Shape = [1, 4, 1, 1]

  @Test(arguments: [false, true])
  func factorsAndTermsBehindAConvolution(_ isGrouped: Bool) throws {
    let g = GraphBuilder()
    let shape: Shape = isGrouped ? [2, 2, 1, 3, 3] : [4, 2, 3, 3]
    let y = try g.convolution(try g.input("x", [1, 2, 5, 5]), try g.randomConstant(shape), grouped: isGrouped)
    let scaled = try g.add(Multiply(), try g.randomConstant(channels), try g.bias(y, channels: 4))
    let divided = try g.add(Divide(), scaled, try g.scalar(3))
    g.output(try g.add(Subtract(), divided, try g.randomConstant(channels)))
    try expectRewrite(
      of: g.graph, by: FoldAffineIntoWeights(),
      gives: """
        x: f32[1, 2, 5, 5]
        %1 = Convolution(x, f32\(shape))\(isGrouped ? " grouped" : ""): f32[1, 4, 3, 3]
        %2 = Add(%1, f32[1, 4, 1, 1]): f32[1, 4, 3, 3]
        y = %2
        """, tolerance: 1e-6)
  }

  @Test func batchNormalization() throws {
    let g = GraphBuilder()
    let y = try g.convolution(try g.input("x", [1, 2, 5, 5]), try g.randomConstant([4, 2, 3, 3]))
    var parameters = try (0..<3).map { _ in try g.randomConstant([4]) }
    parameters.append(try g.randomConstant([4], in: 0.5...2))
    let norm = try BatchNormInference(epsilon: 1e-3, dataOperand: 0)
    g.output(Value(try g.addNode(norm, [try g.bias(y, channels: 4)] + parameters)))
    try expectRewrite(
      of: g.graph, by: DecomposeBatchNorm(), FoldAffineIntoWeights(),
      gives: """
        x: f32[1, 2, 5, 5]
        %1 = Convolution(x, f32[4, 2, 3, 3]): f32[1, 4, 3, 3]
        %2 = Add(%1, f32[1, 4, 1, 1]): f32[1, 4, 3, 3]
        y = %2
        """, tolerance: 1e-6)
  }

  @Test(arguments: [false, true])
  func factorsBehindAProduct(_ transposes: Bool) throws {
    let g = GraphBuilder()
    let shape: Shape = transposes ? [4, 6] : [6, 4]
    let product = MatMul(transposeA: false, transposeB: transposes)
    let y = try g.add(product, try g.input("x", [2, 3, 6]), try g.randomConstant(shape))
    g.output(try g.add(Multiply(), y, try g.randomConstant([4])))
    try expectRewrite(
      of: g.graph, by: FoldAffineIntoWeights(),
      gives: """
        x: f32[2, 3, 6]
        %1 = MatMul(x, f32\(shape))\(transposes ? " transposeB" : ""): f32[2, 3, 4]
        y = %1
        """, tolerance: 1e-6)
  }

  @Test func oneTermIsABias() throws {
    let g = GraphBuilder()
    let y = try g.convolution(try g.input("x", [1, 2, 5, 5]), try g.randomConstant([4, 2, 3, 3]))
    g.output(try g.bias(y, channels: 4))
    expectUnchanged(g.graph, by: FoldAffineIntoWeights())
  }

  /// y · factor, for a convolution y with these weights.
  private func scaled(
    by factor: Shape = [1, 4, 1, 1], in range: ClosedRange<Double> = -1...1, weights: (GraphBuilder) throws -> Value
  ) throws -> (GraphBuilder, x: Value, y: Value, weights: Value) {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 2, 5, 5])
    let weights = try weights(g)
    let y = try g.convolution(x, weights)
    g.output(try g.add(Multiply(), y, try g.randomConstant(factor, in: range)))
    return (g, x, y, weights)
  }

  @Test func quantizedWeightsKeepTheirIntegers() throws {
    let (g, _, _, _) = try scaled { try $0.int8Weights([4, 2, 3, 3]) }
    expectUnchanged(g.graph, by: FoldAffineIntoWeights())
    let integers = try scaled { g in
      let constant = try g.randomConstant([4, 2, 3, 3], in: -127...127, .i8)
      return try g.add(Dequantize(Dequantization(exactZeroPoints: [0])), constant)
    }
    expectUnchanged(integers.0.graph, by: FoldAffineIntoWeights())
  }

  @Test func whatOthersReadStays() throws {
    let (shared, x, _, weights) = try scaled { try $0.randomConstant([4, 2, 3, 3]) }
    shared.output(try shared.convolution(x, weights), "other")
    expectUnchanged(shared.graph, by: FoldAffineIntoWeights())
    let (read, _, y, _) = try scaled { try $0.randomConstant([4, 2, 3, 3]) }
    read.output(y, "sum")
    expectUnchanged(read.graph, by: FoldAffineIntoWeights())
  }

  @Test(arguments: [[1, 1, 3, 3], [2, 4, 1, 1], [1, 4, 3, 1], [1, 1, 1, 1, 1]])
  func factorsOfOtherShapesStay(_ extents: [Int]) throws {
    let (g, _, _, _) = try scaled(by: Shape(valid: extents)) { try $0.randomConstant([4, 2, 3, 3]) }
    expectUnchanged(g.graph, by: FoldAffineIntoWeights())
  }

  @Test func weightsThatWouldOverflowStay() throws {
    let (g, _, _, _) = try scaled(in: 1e30...2e30) { try $0.randomConstant([4, 2, 3, 3], in: 1e20...2e20) }
    expectUnchanged(g.graph, by: FoldAffineIntoWeights())
  }

  @Test func quotientsByTheSumStay() throws {
    let g = GraphBuilder()
    let y = try g.convolution(try g.input("x", [1, 2, 5, 5]), try g.randomConstant([4, 2, 3, 3]))
    g.output(try g.add(Divide(), try g.scalar(1), y))
    expectUnchanged(g.graph, by: FoldAffineIntoWeights())
  }
}

@Suite struct ExpandVectorsTests {
  private func graph(_ a: PartialShape, _ b: PartialShape, transposed: Bool = false) throws -> Graph {
    let g = GraphBuilder()
    let product = MatMul(transposeA: transposed && a.rank == 1, transposeB: transposed)
    g.output(try g.add(product, try g.input("a", a), try g.input("b", b)))
    return g.graph
  }

  @Test func aVectorOnTheRightIsAColumn() throws {
    try expectRewrite(
      of: try graph([2, 5, 6], [6]), by: ExpandVectors(),
      gives: """
        a: f32[2, 5, 6]
        b: f32[6]
        %1 = Unsqueeze(b, 1): f32[6, 1]
        %2 = MatMul(a, %1): f32[2, 5, 1]
        %3 = Squeeze(%2, -1): f32[2, 5]
        y = %3
        """)
  }

  @Test(arguments: [false, true], [[6, 4], [2, 6, 4], [6]] as [PartialShape])
  func aVectorOnTheLeftIsARow(_ transposed: Bool, _ right: PartialShape) throws {
    let shape = transposed && right.rank > 1 ? PartialShape(right.dimensions.dropLast(2) + [4, 6]) : right
    let product = try graph([6], shape, transposed: transposed)
    var rewritten = product
    try PassPipeline("test", [Stage("rules", [ExpandVectors()])]).run(on: &rewritten)
    #expect(rewritten.dump.contains("Unsqueeze(a"))
    try expectSameMeaning(product, rewritten)
  }

  @Test func matricesStay() throws { expectUnchanged(try graph([2, 6], [6, 3]), by: ExpandVectors()) }
}
