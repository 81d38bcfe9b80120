import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

/// What loops promise beyond what their golden values show.
@Suite struct ControlFlowTests {
  /// carried + 1, as long as it is below a limit.
  private func counting(to limit: Double, condition: Bool = true, maximumByteCount: Int = 1 << 16) throws -> Loop {
    let g = GraphBuilder()
    let next = try g.add(Add(), try g.input("count", [1]), try g.constant([1], [1]))
    g.output(next, "next")
    g.output(try g.add(Less(), next, try g.constant([limit], [1])), "goes on")
    let iteration = try Iteration(
      body: Subgraph(g.graph), sources: [.carried(operand: 2, output: 0)],
      results: [
        .last(output: 0), .joined(output: 0, try Iteration.Parts(axis: 0, start: 0, end: -1, stride: 1, size: 1)),
      ], maximumTurns: 100, maximumByteCount: maximumByteCount)
    return try Loop(iteration, condition: condition ? 1 : nil)
  }

  private func run(_ loop: Loop, turns: Int, starts: Bool = true) throws(OperatorError) -> [Tensor] {
    try loop.evaluate([
      Tensor(.i64, .scalar, elements: [Int64(turns)]), Tensor(.boolean, .scalar, elements: [UInt8(starts ? 1 : 0)]),
      .f32(0),
    ])
  }

  @Test func aLoopEndsWhenItSaysSo() throws {
    let results = try run(counting(to: 3), turns: -1)
    #expect(results.map(\.doubles) == [[3], [1, 2, 3]])
    #expect(try run(counting(to: 3), turns: 2).map(\.doubles) == [[2], [1, 2]])
  }

  @Test func withoutATurnWhatIsCarriedIsWhatItWas() throws {
    for results in [try run(counting(to: 3), turns: 0), try run(counting(to: 3), turns: 5, starts: false)] {
      #expect(results.map(\.doubles) == [[0], []])
      #expect(results[1].shape == [0])
    }
  }

  @Test func aLoopWithoutEndIsRefused() throws {
    #expect(throws: OperatorError.self) { try run(counting(to: .infinity), turns: -1) }
    #expect(throws: OperatorError.self) { try run(counting(to: 1, condition: false), turns: .max) }
  }

  @Test func resultsThatGrowBeyondBoundsAreRefused() throws {
    #expect(try run(counting(to: 4, maximumByteCount: 16), turns: -1).map(\.doubles) == [[4], [1, 2, 3, 4]])
    #expect(throws: OperatorError.self) { try run(counting(to: 5, maximumByteCount: 16), turns: -1) }
  }

  @Test func aStringIsNoCondition() throws {
    let g = GraphBuilder()
    g.output(try g.input("text", [1], .string))
    let iteration = try Iteration(body: Subgraph(g.graph), sources: [.operand(2)], results: [.last(output: 0)])
    let loop = try Loop(iteration, condition: 0)
    #expect(loop.refusal(.of(.i64, []), .of(.boolean, []), .of(.string, [1])) != nil)
  }

  @Test func turnsThatAreKnownGiveKnownShapes() throws {
    let loop = try counting(to: 1, condition: false)
    let one = Operand(
      type: TensorType(.boolean, .scalar), constant: Tensor(.boolean, .scalar, elements: [UInt8(1)]))
    let turns = Operand(type: TensorType(.i64, .scalar), constant: Tensor(.i64, .scalar, elements: [Int64(4)]))
    let types = try loop.resultTypes([turns, one, .of([1])])
    #expect(types.map(\.shape) == [[1], [4]])
    let open = try loop.resultTypes([.of(.i64, []), one, .of([1])])
    #expect(open.map(\.shape) == [[1], [.dynamic]])
  }

  @Test func whatGrowsBeyondBoundsIsRefused() throws {
    let g = GraphBuilder()
    let carried = try g.input("x", [.dynamic])
    g.output(try g.add(Concat(axis: 0), carried, carried))
    let iteration = try Iteration(
      body: Subgraph(g.graph, maximumByteCount: 1 << 16), sources: [.carried(operand: 2, output: 0)],
      results: [.last(output: 0)])
    let loop = try Loop(iteration, condition: nil)
    #expect(try loop.resultTypes([.of(.i64, []), .of(.boolean, []), .of([1])])[0].shape == [.dynamic])
    #expect(throws: OperatorError.self) {
      try loop.evaluate([
        Tensor(.i64, .scalar, elements: [Int64(60)]), Tensor(.boolean, .scalar, elements: [UInt8(1)]), .f32(1),
      ])
    }
  }

  @Test func branchesOfDifferentRankNeedAKnownCondition() throws {
    func body(_ flattens: Bool) throws -> If.Branch {
      let g = GraphBuilder()
      let x = try g.input("x", [2, 3])
      g.output(flattens ? try g.reshape(x, [6]) : try g.add(ReLU(), x))
      return If.Branch(body: Subgraph(g.graph), operands: [1], outputs: [0])
    }
    let op = try If(whenTrue: body(true), whenFalse: body(false))
    let known = Operand(
      type: TensorType(.boolean, .scalar), constant: Tensor(.boolean, .scalar, elements: [UInt8(1)]))
    #expect(try op.resultTypes([known, .of([2, 3])])[0].shape == [6])
    #expect(op.refusal(.of(.boolean, []), .of([2, 3])) != nil)
    #expect(op.refusal(.of(.boolean, [2]), .of([2, 3])) != nil)
    #expect(op.refusal(known) != nil)
  }
}
