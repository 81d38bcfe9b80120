import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct MoveDequantizationAfterTests {
  private func dequantized(
    _ g: GraphBuilder, _ shape: PartialShape = [1, 2, 4, 4], _ dequantization: Dequantization? = nil,
    name: String = "x"
  ) throws -> Value {
    try g.add(
      Dequantize(dequantization ?? Dequantization(scale: 0.5, zeroPoint: 3)), try g.input(name, shape, .u8))
  }

  private let perChannel = Dequantization(scales: [1, 2], zeroPoints: [3, 4])

  @Test func maximaRunOnIntegers() throws {
    let g = GraphBuilder()
    g.output(try g.maxPool(try dequantized(g), 2, strides: 2))
    try expectRewrite(
      of: g.graph, by: MoveDequantizationAfter(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = MaxPool(x) kernel 2×2 strides 2×2: u8[1, 2, 2, 2]
        %2 = Dequantize(%1) scale 0.5 zeroPoint 3.0: f32[1, 2, 2, 2]
        y = %2
        """, inputs: 0...255)
  }

  @Test func usedIndicesOfMaximaKeepTheirType() throws {
    let g = GraphBuilder()
    let pool = try g.add(MaxPool(pooling: g.pooling(2, strides: 2), indexType: .i64), try dequantized(g))
    g.output(pool, "values")
    g.output(Value(pool.node, 1), "indices")
    try expectRewrite(
      of: g.graph, by: MoveDequantizationAfter(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = MaxPool(x) kernel 2×2 strides 2×2: u8[1, 2, 2, 2]
        %2 = Dequantize(%1) scale 0.5 zeroPoint 3.0: f32[1, 2, 2, 2]
        values = %2
        indices = %1.1
        """, inputs: 0...255)
  }

  @Test func negativeScalesTurnMaximaAround() throws {
    let g = GraphBuilder()
    g.output(try g.maxPool(try dequantized(g, [1, 2, 4, 4], Dequantization(scale: -1, zeroPoint: 0)), 2))
    expectUnchanged(g.graph, by: MoveDequantizationAfter())
  }

  @Test func aSecondReaderKeepsItsDequantization() throws {
    let g = GraphBuilder()
    let x = try dequantized(g)
    g.output(try g.maxPool(x, 2), "pooled")
    g.output(try g.add(Sigmoid(), x), "other")
    try expectRewrite(
      of: g.graph, by: MoveDequantizationAfter(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = Dequantize(x) scale 0.5 zeroPoint 3.0: f32[1, 2, 4, 4]
        %2 = Sigmoid(%1): f32[1, 2, 4, 4]
        %3 = MaxPool(x) kernel 2×2: u8[1, 2, 3, 3]
        %4 = Dequantize(%3) scale 0.5 zeroPoint 3.0: f32[1, 2, 3, 3]
        pooled = %4
        other = %2
        """, inputs: 0...255)
  }

  @Test func transposesTakeTheChannelsAlong() throws {
    let g = GraphBuilder()
    g.output(try g.transpose(try dequantized(g, [1, 2, 4, 4], perChannel), [0, 2, 3, 1]))
    try expectRewrite(
      of: g.graph, by: MoveDequantizationAfter(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = Transpose(x, i64[4]): u8[1, 4, 4, 2]
        %2 = Dequantize(%1) scale 1.0…×2 zeroPoint 3.0…×2 axes 3..<4: f32[1, 4, 4, 2]
        y = %2
        """, inputs: 0...255)
  }

  @Test(arguments: [nil, Dequantization(scales: [1, 2], zeroPoints: [3, 4])])
  func reshapesTakeScalesAlong(_ dequantization: Dequantization?) throws {
    let g = GraphBuilder()
    g.output(try g.reshape(try dequantized(g, [1, 2, 4, 4], dequantization), [1, 32]))
    var rewritten = g.graph
    try PassPipeline("test", [Stage("rules", [MoveDequantizationAfter()])]).run(on: &rewritten)
    #expect(rewritten.producer(of: rewritten.outputs[0].value).op is Dequantize)
    try expectSameMeaning(g.graph, rewritten, inputs: 0...255)
  }

  @Test func scalesThatWouldEndOnAnOpenAxisStay() throws {
    let g = GraphBuilder()
    g.output(try g.reshape(try dequantized(g, [1, 2, .dynamic, 4], perChannel), [1, -1]))
    expectUnchanged(g.graph, by: MoveDequantizationAfter())
  }

  @Test func reLUPassesWhereZeroIsTheLowestInteger() throws {
    let g = GraphBuilder()
    g.output(try g.add(ReLU(), try dequantized(g, [2], Dequantization(scale: 0.5, zeroPoint: 0))))
    try expectRewrite(
      of: g.graph, by: MoveDequantizationAfter(), RemoveIdentities(),
      gives: """
        x: u8[2]
        %1 = Dequantize(x) scale 0.5 zeroPoint 0.0: f32[2]
        y = %1
        """, inputs: 0...255)
    let shifted = GraphBuilder()
    shifted.output(try shifted.add(ReLU(), try dequantized(shifted, [2])))
    expectUnchanged(shifted.graph, by: MoveDequantizationAfter())
  }

  @Test func concatenationsOfEqualGridsRunOnIntegers() throws {
    let g = GraphBuilder()
    g.output(try g.concat([try dequantized(g, name: "a"), try dequantized(g, name: "b")]))
    try expectRewrite(
      of: g.graph, by: MoveDequantizationAfter(),
      gives: """
        a: u8[1, 2, 4, 4]
        b: u8[1, 2, 4, 4]
        %1 = Concat(a, b) axis 1: u8[1, 4, 4, 4]
        %2 = Dequantize(%1) scale 0.5 zeroPoint 3.0: f32[1, 4, 4, 4]
        y = %2
        """, inputs: 0...255)
  }

  /// OpenVINO would bring both to one grid; here nothing may be rounded again.
  @Test(arguments: [0, 1, 2])
  func concatenationsOfOtherGridsStayExact(_ axis: Int) throws {
    let g = GraphBuilder()
    let b = try dequantized(g, [1, 2, 4, 4], Dequantization(scale: 0.25, zeroPoint: 0), name: "b")
    g.output(try g.concat([try dequantized(g, name: "a"), b], axis: axis))
    var rewritten = g.graph
    try PassPipeline("test", [Stage("rules", [MoveDequantizationAfter()])]).run(on: &rewritten)
    try expectSameMeaning(g.graph, rewritten, inputs: 0...255)
  }

  @Test func concatenationsWithAFloatStayFloat() throws {
    let g = GraphBuilder()
    g.output(try g.concat([try dequantized(g, name: "a"), try g.input("b", [1, 2, 4, 4])]))
    expectUnchanged(g.graph, by: MoveDequantizationAfter())
  }
}

@Suite struct FoldUnaryToLookupTableTests {
  private func chain(
    _ from: Dequantization, _ functions: [any Operator], _ to: Quantize, readMiddle: Bool = false
  ) throws -> Graph {
    let g = GraphBuilder()
    var value = try g.add(Dequantize(from), try g.input("x", [1, 2, 4, 4], .u8))
    for function in functions { value = try g.add(function, value) }
    if readMiddle { g.output(value, "middle") }
    g.output(try g.add(to, value))
    return g.graph
  }

  private let grid = Dequantization(scale: 8.0 / 255, zeroPoint: 128)
  private let unit = Quantize(inputLow: [0], inputHigh: [1], levels: 256)

  @Test func aChainOfFunctionsBecomesATable() throws {
    try expectRewrite(
      of: try chain(grid, [Sigmoid(), Tanh(), Abs()], unit), by: FoldUnaryToLookupTable(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = LookupTable(x): u8[1, 2, 4, 4]
        y = %1
        """, inputs: 0...255)
  }

  @Test func aTableThatChangesNothingDisappears() throws {
    let same = Quantize(inputLow: [0], inputHigh: [1], levels: 256)
    try expectRewrite(
      of: try chain(Dequantization(scale: 1.0 / 255, zeroPoint: 0), [ReLU()], same), by: FoldUnaryToLookupTable(),
      gives: "x: u8[1, 2, 4, 4]\ny = x", inputs: 0...255)
  }

  @Test func everyOneOfThe256InputsIsRight() throws {
    let graph = try chain(grid, [Exp(), Log(), Sin()], unit)
    var rewritten = graph
    try PassPipeline("test", [Stage("rules", [FoldUnaryToLookupTable()])]).run(on: &rewritten)
    #expect(rewritten.dump.contains("LookupTable"))
    let all = (0..<8).map { block in Tensor(.u8, [1, 2, 4, 4], elements: (0..<32).map { UInt8(block * 32 + $0) }) }
    for input in all {
      #expect(try Interpreter(graph).run([input])[0].doubles == Interpreter(rewritten).run([input])[0].doubles)
    }
  }

  @Test func aTableInFrontJoinsIn() throws {
    let g = GraphBuilder()
    let first = try g.add(LookupTable((0...255).map { UInt8(255 - $0) }), try g.input("x", [1, 2, 4, 4], .u8))
    g.output(try g.add(unit, try g.add(Sigmoid(), try g.add(Dequantize(grid), first))))
    try expectRewrite(
      of: g.graph, by: FoldUnaryToLookupTable(),
      gives: """
        x: u8[1, 2, 4, 4]
        %1 = LookupTable(x): u8[1, 2, 4, 4]
        y = %1
        """, inputs: 0...255)
  }

  @Test func aValueThatIsReadElsewhereStays() throws {
    expectUnchanged(try chain(grid, [Sigmoid()], unit, readMiddle: true), by: FoldUnaryToLookupTable())
  }

  @Test func rangesPerChannelNeedTablesPerChannel() throws {
    let channels = Dequantization(scales: [1, 2], zeroPoints: [0, 0])
    expectUnchanged(try chain(channels, [Sigmoid()], unit), by: FoldUnaryToLookupTable())
    let perChannel = Quantize(inputLow: [0, 0], inputHigh: [1, 2], levels: 256)
    expectUnchanged(try chain(grid, [Sigmoid()], perChannel), by: FoldUnaryToLookupTable())
  }
}
