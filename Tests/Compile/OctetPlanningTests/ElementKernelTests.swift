import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Operators that take one element, or one slice, at a time: no reference runs, and every byte is that of the meaning.
@Suite struct ElementKernelTests {
  struct Input: Sendable {
    let shape: Shape
    let type: ElementType
    let range: ClosedRange<Double>

    static func floats(_ shape: Shape, _ range: ClosedRange<Double> = -3...3) -> Input {
      Input(shape: shape, type: .f32, range: range)
    }

    /// Some count from the end, some are outside of every axis.
    static func indices(_ shape: Shape, _ type: ElementType = .i64) -> Input {
      Input(shape: shape, type: type, range: -5...5)
    }

    static func booleans(_ shape: Shape) -> Input { Input(shape: shape, type: .boolean, range: 0...1.9) }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let op: any Operator
    let inputs: [Input]
    /// Operands behind the inputs.
    var constants: [Int] = []
    var testDescription: String { "\(op.name) \(op.attributes) \(inputs.map { "\($0.type)\($0.shape)" })" }

    func graph() throws -> Graph {
      let g = GraphBuilder()
      let inputs = try inputs.enumerated().map { try g.input("x\($0)", PartialShape($1.shape), $1.type) }
      let constants = try constants.map { try g.scalar(Double($0), .i64) }
      let node = try g.addNode(op, inputs + constants)
      for index in g.graph.node(node).types.indices { g.output(Value(node, index), "y\(index)") }
      return g.graph
    }

    func tensors() -> [Tensor] {
      var random = SeededRandom(seed: 11)
      return inputs.map { random.tensor($0.type, $0.shape, in: $0.range) }
    }
  }

  private static func elementwise(_ op: any Operator, _ type: ElementType, _ range: ClosedRange<Double>) -> [Case] {
    [[[3, 1, 7], [4, 1]], [[2, 3], [2, 3]], [[5], []]].map { shapes in
      Case(op: op, inputs: shapes.map { Input(shape: $0, type: type, range: range) })
    }
  }

  static let elementwise: [Case] = {
    let integers: [any Operator] = [
      Add(), Subtract(), Multiply(), Divide(), Maximum(), Minimum(), Mod(), FloorMod(), Power(), SquaredDifference(),
    ]
    let floats: [any Operator] = [Power(), Mod(), FloorMod()]
    let comparisons: [any Operator] = [Equal(), NotEqual(), Less(), LessEqual(), Greater(), GreaterEqual()]
    let logical: [any Operator] = [LogicalAnd(), LogicalOr(), LogicalXor()]
    let bits: [any Operator] = [BitwiseAnd(), BitwiseOr(), BitwiseXor()]
    var cases: [Case] = []
    for op in integers { cases += elementwise(op, .i64, -9...9) + elementwise(op, .i32, -9...9) }
    for op in floats { cases += elementwise(op, .f32, 0.1...3) }
    for op in comparisons { cases += elementwise(op, .i32, -2...2) + elementwise(op, .f32, -2...2) }
    for op in logical { cases += elementwise(op, .boolean, 0...1.9) }
    for op in bits { cases += elementwise(op, .i64, -9...9) }
    return cases
  }()

  static let others: [Case] = {
    let x = Input.floats([3, 4, 5])
    let made: [Case?] = [
      Case(op: Sin(), inputs: [x]), Case(op: Abs(), inputs: [.indices([3, 4])]),
      Case(op: LogicalNot(), inputs: [.booleans([7])]),
      try? Case(op: Convert(to: .f32), inputs: [.indices([3, 4])]),
      try? Case(op: Convert(to: .i32), inputs: [x]), try? Case(op: Convert(to: .boolean), inputs: [.indices([9])]),
      Case(op: Select(), inputs: [.booleans([4, 1]), .floats([3, 1, 5]), .floats([5])]),
      Case(
        op: ReduceMin(keepsAxes: false), inputs: [Input(shape: [3, 4, 5], type: .u8, range: 0...255)], constants: [1]),
      Case(op: GatherElements(axis: 1), inputs: [x, .indices([3, 9, 5])]),
      Case(op: GatherElements(axis: -1), inputs: [x, .indices([3, 4, 2], .i32)]),
      try? Case(op: GatherND(batchAxes: 0, joinsBatchAxes: false), inputs: [x, .indices([6, 2])]),
      try? Case(op: GatherND(batchAxes: 1, joinsBatchAxes: false), inputs: [x, .indices([3, 7, 1])]),
      Case(op: ScatterUpdate(), inputs: [x, .indices([2, 3]), .floats([3, 2, 3, 5])], constants: [1]),
      try? Case(op: ScatterNDUpdate(), inputs: [x, .indices([6, 2]), .floats([6, 5])]),
      try? Case(op: ScatterNDUpdate(reduction: .max), inputs: [x, .indices([6, 1], .i32), .floats([6, 4, 5])]),
      try? Case(
        op: ScatterNDUpdate(reduction: .sum), inputs: [.indices([4, 2]), .indices([9, 1]), .indices([9, 2])]),
    ]
    var cases = made.compactMap { $0 }
    for reduction in ScatterReduction.allCases {
      for usesInitial in [true, false] {
        let op = ScatterElementsUpdate(reduction: reduction, usesInitial: usesInitial)
        cases.append(Case(op: op, inputs: [x, .indices([3, 3, 5]), .floats([3, 3, 5])], constants: [1]))
      }
    }
    for isExclusive in [false, true] {
      for isReverse in [false, true] {
        let op = CumSum(isExclusive: isExclusive, isReverse: isReverse)
        cases.append(Case(op: op, inputs: [x], constants: [1]))
        cases.append(Case(op: op, inputs: [.indices([3, 4])], constants: [0]))
      }
    }
    for (batch, sequence) in [(0, 1), (2, 0), (1, 2)] {
      let lengths = Input(shape: Shape(valid: [x.shape[batch]]), type: .i64, range: -1...7)
      cases.append(Case(op: ReverseSequence(batchAxis: batch, sequenceAxis: sequence), inputs: [x, lengths]))
    }
    for axis in [0, 1, -1] {
      for countsFromEnd in [false, true] {
        let op = OneHot(axis: axis, countsFromEnd: countsFromEnd)
        cases.append(Case(op: op, inputs: [.indices([2, 5])], constants: [4, 7, -2]))
      }
    }
    return cases
  }()

  @Test(arguments: elementwise + others)
  func kernelsGiveTheBytesOfTheMeaning(_ own: Case) throws {
    let graph = try own.graph()
    #expect(try !ModelCompiler().layers(of: graph).map(\.kernel).contains("reference"))
    // A reduction rounds after every value, its meaning once.
    let reduces = (own.op as? ScatterElementsUpdate).map { $0.reduction != .replace } ?? false
    try expectExecutionMatchesMeaning(graph, tolerance: Tolerance(rounding: reduces ? 1e-6 : 0), inputs: own.tensors())
  }

  /// What a type does not hold becomes its nearest value, what is not a number 0.
  @Test(arguments: [ElementType.i32, .i64, .u8, .boolean])
  func conversionsSaturate(_ type: ElementType) throws {
    let g = GraphBuilder()
    g.output(try g.add(Convert(to: type), try g.input("x", [10])))
    let values = [.nan, .infinity, -.infinity, 3e9, -3e9, 1e19, -1e19, 255.9, -0.5, 0x1p63]
    try expectExecutionMatchesMeaning(
      g.graph, tolerance: Tolerance(rounding: 0), inputs: [Tensor(.f32, [10], converting: values)])
  }

  @Test func allCasesWereMade() { #expect(Self.others.count == 16 + 12 + 8 + 3 + 6) }

  // MARK: - Detection

  @Test(arguments: [1, 3], [false, true])
  func detectionsAreThoseOfTheMeaning(_ images: Int, _ isVarianceEncoded: Bool) throws {
    for (keep, limit, score) in [(200, nil, 0.3), (5, 4, -1), (40, 10, 0.9), (7, nil, 2)] as [(Int, Int?, Double)] {
      var settings = DetectionOutput.Settings()
      settings.keepLimit = keep
      settings.candidateLimit = limit
      settings.scoreThreshold = score
      settings.overlapThreshold = 0.3
      settings.codeType = images == 1 ? .corner : .centerSize
      settings.isVarianceEncoded = isVarianceEncoded
      settings.clipsAfterSieving = isVarianceEncoded
      let priors = 60
      let own = Case(
        op: try DetectionOutput(settings: settings),
        inputs: [
          .floats(Shape(valid: [images, priors * 4]), -0.5...0.5),
          .floats(Shape(valid: [images, priors * 3]), 0...1),
          .floats(Shape(valid: [images, isVarianceEncoded ? 1 : 2, priors * 4]), 0...1),
        ])
      let graph = try own.graph()
      #expect(try !ModelCompiler().layers(of: graph).map(\.kernel).contains("reference"))
      try expectExecutionMatchesMeaning(graph, tolerance: Tolerance(rounding: 0), inputs: own.tensors())
    }
  }

  /// Equal scores: the first prior is the better one, in the list and where it is cut.
  @Test func equalScoresStayInOrder() throws {
    var settings = DetectionOutput.Settings()
    settings.keepLimit = 6
    settings.candidateLimit = 5
    settings.overlapThreshold = 2
    settings.scoreThreshold = 0
    let own = Case(
      op: try DetectionOutput(settings: settings),
      inputs: [.floats([1, 80]), .floats([1, 60], 0.5...0.5), .floats([1, 2, 80])])
    try expectExecutionMatchesMeaning(try own.graph(), tolerance: Tolerance(rounding: 0), inputs: own.tensors())
  }
}
