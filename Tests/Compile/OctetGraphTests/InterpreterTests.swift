import OctetGraph
import OctetOperators
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Synchronization
import Testing

/// The tensors that `Counted` operators have made and that are still alive.
private final class Census: Sendable {
  private struct Weak { weak var storage: TensorStorage? }
  private let state = Mutex((known: [Weak](), peak: 0))

  var peak: Int { state.withLock { $0.peak } }

  func register(_ storage: TensorStorage) {
    state.withLock { state in
      state.known.append(Weak(storage: storage))
      state.peak = max(state.peak, state.known.count { $0.storage != nil })
    }
  }
}

/// y = x + 1, and a note of how many such results are alive.
private struct Counted: Operator {
  static let name = "Counted"
  let census: Census

  func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] { [operands[0].type] }

  func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let result = Tensor(.f32, operands[0].shape, converting: operands[0].doubles.map { $0 + 1 })
    census.register(result.storage)
    return [result]
  }

  static func == (a: Counted, b: Counted) -> Bool { a.census === b.census }
}

@Suite struct InterpreterTests {
  @Test func outputsComeInGraphOrderWithEveryResultOfANode() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, 1, 2, 2])
    let pool = try g.add(MaxPool(pooling: g.pooling(2), indexType: .i32), x)
    g.output(Value(pool.node, 1), "indices")
    g.output(pool, "values")
    g.output(x, "again")
    let input = Tensor(.f32, [1, 1, 2, 2], converting: [1, 4, 3, 2])
    let results = try Interpreter(g.graph).run([input])
    #expect(results.map(\.doubles) == [[1], [4], [1, 4, 3, 2]])
  }

  @Test func aValueReadTwiceByOneNodeSurvivesTheFirstReading() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    let a = try g.add(Negative(), x)
    g.output(try g.add(Multiply(), a, a))
    #expect(try Interpreter(g.graph).run([Tensor(.f32, [2], converting: [3, -4])])[0].doubles == [9, 16])
  }

  @Test func valuesAreFreedAfterTheirLastReader() throws {
    let census = Census()
    let g = GraphBuilder()
    var value = try g.input("x", [8])
    for _ in 0..<6 { value = try g.add(Counted(census: census), value) }
    g.output(value)
    #expect(try Interpreter(g.graph).run([Tensor(.f32, [8])])[0].doubles == [Double](repeating: 6, count: 8))
    #expect(census.peak == 2)
  }

  @Test func valuesThatAreOutputsAreKept() throws {
    let census = Census()
    let g = GraphBuilder()
    var value = try g.input("x", [1])
    for index in 0..<4 {
      value = try g.add(Counted(census: census), value)
      g.output(value, "y\(index)")
    }
    #expect(try Interpreter(g.graph).run([Tensor(.f32, [1])]).map(\.doubles) == [[1], [2], [3], [4]])
  }

  @Test func aWrongNumberOfInputsIsRefused() throws {
    let g = GraphBuilder()
    g.output(try g.input("x", [2]))
    let error = #expect(throws: ModelError.self) { try Interpreter(g.graph).run([]) }
    #expect(error == .input("the model takes 1 inputs, not 0"))
  }

  @Test func whatALayerRefusesNamesTheLayer() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [.dynamic])
    g.output(try g.add(Add(), x, try g.constant([1, 2]), name: "sum"))
    let error = #expect(throws: ModelError.self) { try Interpreter(g.graph).run([Tensor(.f32, [3])]) }
    #expect(error?.description.hasPrefix("layer 'sum' (Add): ") == true)
  }

  @Test(arguments: [Tensor(.f64, [2]), Tensor(.u8, [2]), Tensor(.f32, [3]), Tensor(.f32, [2, 1])])
  func aTensorThatTheInputDoesNotTakeIsRefused(_ tensor: Tensor) throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    g.output(try g.add(ReLU(), x))
    let error = #expect(throws: ModelError.self) { try Interpreter(g.graph).run([tensor]) }
    #expect(error == .input("input 'x' takes f32[2], not \(tensor.type)"))
  }
}
