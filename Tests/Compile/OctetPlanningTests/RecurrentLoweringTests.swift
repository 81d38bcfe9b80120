import OctetGraph
import OctetKernels
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Recurrent cells and sequences: the kernel against the meaning.
@Suite struct RecurrentLoweringTests {
  enum Kind: String, CaseIterable, Sendable {
    case lstm, gru, gruWithLateReset, rnn
  }

  /// One graph: a cell, alone or over a sequence.
  struct Subject: Sendable, CustomTestStringConvertible {
    var kind = Kind.lstm
    var batch = 1, steps = 4, inputs = 3, hidden = 5
    var direction = RecurrentDirection.forward
    var activations: [RecurrentActivation]?
    var clip: Double?
    /// Nil: as many as there are steps.
    var lengths: [Double]?
    /// Whether x, W and R are; then the result is as large as the cell likes, and x has no step at zero.
    var isQuantized = false

    var testDescription: String {
      "\(kind.rawValue) \(direction.rawValue) batch \(batch), steps \(steps), \(inputs)→\(hidden)"
    }

    private var directions: Int { direction == .bidirectional ? 2 : 1 }

    private func settings(_ usual: [RecurrentActivation]) throws -> RecurrentSettings {
      try RecurrentSettings(hiddenSize: hidden, activations: activations ?? usual, clip: clip)
    }

    private func cell() throws -> any RecurrentCell {
      let (sigmoid, tanh) = (RecurrentActivation(.sigmoid), RecurrentActivation(.tanh))
      return switch kind {
      case .lstm: LSTMCell(settings: try settings([sigmoid, tanh, tanh]))
      case .gru: GRUCell(settings: try settings([sigmoid, tanh]), resetsAfter: false)
      case .gruWithLateReset: GRUCell(settings: try settings([sigmoid, tanh]), resetsAfter: true)
      case .rnn: RNNCell(settings: try settings([tanh]))
      }
    }

    func sequence() throws -> Graph { try sequence(of: cell()) }

    private func sequence<Cell: RecurrentCell>(of cell: Cell) throws -> Graph {
      let g = GraphBuilder(seed: UInt64(hidden))
      let state = Shape(valid: [batch, directions, hidden])
      var operands = [try activations(g, [batch, steps, inputs])]
      for index in 0..<Cell.stateCount { operands.append(try g.input("state\(index)", PartialShape(state))) }
      operands.append(try g.constant(lengths ?? Array(repeating: Double(steps), count: batch), nil, .i32))
      operands += try weights(g, cell, leading: [directions])
      let node = try g.addNode(RecurrentSequence(cell: cell, direction: direction), operands)
      for index in 0...Cell.stateCount { g.output(Value(node, index), "y\(index)") }
      return g.graph
    }

    func single() throws -> Graph { try single(cell()) }

    private func single<Cell: RecurrentCell>(_ cell: Cell) throws -> Graph {
      let g = GraphBuilder(seed: UInt64(hidden))
      var operands = [try activations(g, [batch, inputs])]
      for index in 0..<Cell.stateCount {
        operands.append(try g.input("state\(index)", PartialShape(Shape(valid: [batch, hidden]))))
      }
      operands += try weights(g, cell, leading: [])
      let node = try g.addNode(cell, operands)
      for index in 0..<Cell.stateCount { g.output(Value(node, index), "y\(index)") }
      return g.graph
    }

    private func activations(_ g: GraphBuilder, _ extents: [Int]) throws -> Value {
      let x = try g.input("x", PartialShape(Shape(valid: extents)))
      return isQuantized ? try g.fakeQuantize(x, -0.9, 1.2) : x
    }

    private func weights<Cell: RecurrentCell>(_ g: GraphBuilder, _ cell: Cell, leading: [Int]) throws -> [Value] {
      let reach = 1 / Double(hidden).squareRoot()
      let rows = Cell.gateCount * hidden
      let bias = try g.randomConstant(Shape(valid: leading + [cell.biasGateCount * hidden]), in: -reach...reach)
      let matrices = try [inputs, hidden].map { columns in
        let shape = Shape(valid: leading + [rows, columns])
        return isQuantized
          ? try g.int8Weights(shape, scaleShape: Shape(valid: leading + [rows, 1]))
          : try g.randomConstant(shape, in: -reach...reach)
      }
      return matrices + [bias]
    }
  }

  private func expectKernelMatchesMeaning(
    _ graph: Graph, threads: Int = 2, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let kernels = try ModelCompiler().layers(of: graph).map(\.kernel)
    #expect(kernels.allSatisfy { $0.hasPrefix("recurrence_f32") }, "\(kernels)", sourceLocation: location)
    // SSE4.2 and plain loops round twice per product.
    try expectExecutionMatchesMeaningEverywhere(graph, bitExact: false, location)
    let fused = Machine.all.filter { $0.instructionSet >= .avx2 }
    let inputs = graph.randomInputs(seed: 3)
    let bytes = try fused.map { try execute(graph, inputs, on: $0.cpu, threads: threads).map(\.bytes) }
    #expect(bytes.allSatisfy { $0 == bytes[0] }, "instruction sets differ", sourceLocation: location)
  }

  // MARK: - Sequences

  @Test(arguments: Kind.allCases, RecurrentDirection.allCases)
  func everyCellRunsInEveryDirection(_ kind: Kind, _ direction: RecurrentDirection) throws {
    try expectKernelMatchesMeaning(Subject(kind: kind, batch: 2, hidden: 19, direction: direction).sequence())
  }

  @Test(arguments: Kind.allCases, [1, 2, 15, 16, 17, 33, 64])
  func everyHiddenSizeFillsItsPanels(_ kind: Kind, _ hidden: Int) throws {
    try expectKernelMatchesMeaning(Subject(kind: kind, hidden: hidden).sequence())
  }

  @Test(arguments: Kind.allCases, [1, 3, 4, 5, 9])
  func everyBatchIsRun(_ kind: Kind, _ batch: Int) throws {
    try expectKernelMatchesMeaning(Subject(kind: kind, batch: batch, hidden: 20).sequence())
  }

  /// So large that threads share each step.
  @Test(arguments: Kind.allCases)
  func threadsShareTheStepsOfALargeCell(_ kind: Kind) throws {
    let subject = Subject(kind: kind, steps: 3, inputs: 8, hidden: 300)
    try expectKernelMatchesMeaning(subject.sequence(), threads: 3)
  }

  @Test(arguments: Kind.allCases, RecurrentDirection.allCases)
  func shortSequencesAreFollowedByZeros(_ kind: Kind, _ direction: RecurrentDirection) throws {
    let subject = Subject(
      kind: kind, batch: 6, steps: 5, hidden: 18, direction: direction, lengths: [5, 2, 0, 1, 7, -3])
    try expectKernelMatchesMeaning(subject.sequence())
  }

  @Test(arguments: Kind.allCases)
  func theBatchChangesNoByte(_ kind: Kind) throws {
    let together = try Subject(kind: kind, batch: 5, hidden: 21).sequence()
    let alone = try Subject(kind: kind, batch: 1, hidden: 21).sequence()
    let inputs = together.randomInputs(seed: 8)
    let expected = try execute(together, inputs)
    for element in 0..<5 {
      let own = inputs.map { tensor in
        let count = tensor.elementCount / 5
        let shape = Shape(valid: [1] + tensor.shape.extents.dropFirst())
        return Tensor(.f32, shape, converting: Array(tensor.doubles[element * count..<(element + 1) * count]))
      }
      for (found, whole) in zip(try execute(alone, own), expected) {
        let count = found.elementCount
        #expect(found.doubles == Array(whole.doubles[element * count..<(element + 1) * count]))
      }
    }
  }

  // MARK: - Activations

  @Test(arguments: Kind.allCases)
  func everyActivationIsRun(_ kind: Kind) throws {
    let others = [
      RecurrentActivation(.hardSigmoid, alpha: 0.3, beta: 0.4), RecurrentActivation(.relu),
      RecurrentActivation(.sigmoid),
    ]
    let count = kind == .lstm ? 3 : (kind == .rnn ? 1 : 2)
    try expectKernelMatchesMeaning(Subject(kind: kind, activations: Array(others.prefix(count))).sequence())
  }

  @Test(arguments: Kind.allCases)
  func sumsAreCut(_ kind: Kind) throws {
    try expectKernelMatchesMeaning(Subject(kind: kind, hidden: 17, clip: 0.25).sequence())
  }

  // MARK: - Single cells

  @Test(arguments: Kind.allCases, [1, 5])
  func aCellIsASequenceOfOneStep(_ kind: Kind, _ batch: Int) throws {
    try expectKernelMatchesMeaning(Subject(kind: kind, batch: batch, hidden: 37).single())
  }

  // MARK: - Quantized

  private func expectIntegerInputs(_ graph: Graph, _ location: SourceLocation = #_sourceLocation) throws {
    let layers = try ModelCompiler().layers(of: graph).filter { $0.macs > 0 }
    #expect(layers.map(\.precision) == ["int8", "f32"], sourceLocation: location)
    #expect(layers.allSatisfy { $0.kernel != "reference" }, sourceLocation: location)
    #expect(layers[0].reason == nil && layers[1].reason != nil, sourceLocation: location)
    // Every step may round a value that the steps behind it build on.
    try expectExecutionMatchesMeaningEverywhere(
      graph, tolerance: Tolerance(rounding: 2e-5), bitExact: false, location)
  }

  @Test(arguments: Kind.allCases, RecurrentDirection.allCases)
  func inputsAreMultipliedAsIntegers(_ kind: Kind, _ direction: RecurrentDirection) throws {
    let subject = Subject(
      kind: kind, batch: 2, steps: 3, inputs: 7, hidden: 19, direction: direction, lengths: [3, 2], isQuantized: true)
    try expectIntegerInputs(subject.sequence())
  }

  @Test(arguments: Kind.allCases)
  func inputsOfACellAreMultipliedAsIntegers(_ kind: Kind) throws {
    try expectIntegerInputs(Subject(kind: kind, batch: 3, inputs: 7, hidden: 18, isQuantized: true).single())
  }

  @Test func whatIsNotQuantizedSaysSo() throws {
    let layers = try ModelCompiler().layers(of: Subject().sequence())
    #expect(layers.map(\.reason) == ["its activations are not quantized"])
  }
}
