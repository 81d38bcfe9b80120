import OctetGraph
import OctetOperators
import OctetTensor
import Testing

/// An operator with operands that a file may hold anything in.
struct Victim: Sendable, CustomTestStringConvertible {
  let op: any Operator
  let data: Tensor
  /// For each further operand how many integers it holds.
  let integerCounts: [Int]

  init(_ op: any Operator, _ shape: Shape, _ integerCounts: Int...) {
    self.op = op
    data = Tensor(.f32, shape)
    self.integerCounts = integerCounts
  }

  var testDescription: String { "\(op.name) \(op.attributes)" }
}

/// A trap would end the test process: reaching the end is what is tested.
@Suite struct HostileOperandTests {
  private static let extremes: [Int64] = [.min, -(1 << 40), -3, -1, 0, 1, 2, 5, 1 << 24, 1 << 40, 1 << 62, .max]

  static var victims: [Victim] {
    get throws {
      let sampling = InterpolationSampling(
        mode: .linear, coordinates: .halfPixel, rounding: .simple, antialias: true, cubeCoefficient: -0.75)
      let window = try SpatialWindow(strides: [1 << 24], dilations: [1 << 24], padsBegin: [1], padsEnd: [1])
      return [
        Victim(try Split(count: 2), [2, 4], 1), Victim(VariadicSplit(), [2, 4], 1, 2),
        Victim(Slice(), [2, 4], 2, 2, 2, 2),
        Victim(Gather(batchAxes: 0, wrapsNegatives: true), [2, 4], 2, 1),
        Victim(Gather(batchAxes: -1, wrapsNegatives: true), [2, 4], 2, 1),
        Victim(GatherElements(axis: .min), [4], 4), Victim(GatherElements(axis: 0), [4], 4),
        Victim(try GatherND(batchAxes: 0, joinsBatchAxes: false), [2, 4], 2),
        Victim(try GatherND(batchAxes: .max, joinsBatchAxes: true), [2, 4], 2), Victim(Tile(), [2, 4], 3),
        Victim(Broadcast(mode: .numPy), [2, 4], 3), Victim(Broadcast(mode: .bidirectional), [2, 4], 3),
        Victim(Broadcast(mode: .explicit), [2, 4], 2, 2), Victim(Pad(mode: .constant), [2, 4], 2, 2),
        Victim(Pad(mode: .reflect), [2, 4], 2, 2), Victim(Pad(mode: .edge), [2, 4], 2, 2),
        Victim(BatchToSpace(), [2, 4], 2, 2, 2), Victim(SpaceToBatch(), [2, 4], 2, 2, 2),
        Victim(Reverse(mode: .index), [2, 4], 2), Victim(Reverse(mode: .mask), [2, 4], 2),
        Victim(ReverseSequence(batchAxis: 0, sequenceAxis: 1), [2, 4], 2),
        Victim(ReverseSequence(batchAxis: .min, sequenceAxis: .max), [2, 4], 2), Victim(Roll(), [2, 4], 2, 2),
        Victim(CumSum(isExclusive: true, isReverse: true), [2, 4], 1),
        Victim(try TopK(axis: 1, mode: .min, order: .index, indexType: .i64), [2, 4], 1),
        Victim(try Interpolate(sampling: sampling, shapeSource: .sizes(operand: 1), axesOperand: 2), [2, 4], 1, 1),
        Victim(
          try MVN(axes: .operand, normalizesVariance: true, epsilon: 0, epsilonPlace: .insideRoot), [2, 4], 2),
        Victim(NormalizeL2(epsilon: 0, mode: .max), [2, 4], 2),
        Victim(try LRN(alpha: 1, beta: 1, bias: 1, size: 1 << 40), [2, 4], 1),
        Victim(Reshape(specialZero: true), [2, 4], 2), Victim(Transpose(), [2, 4], 2), Victim(Squeeze(), [1, 4], 1),
        Victim(Unsqueeze(), [2, 4], 2), Victim(try StridedSlice(beginMask: [0], endMask: [0]), [2, 4], 1, 1, 1),
        Victim(try Deconvolution(window: window, isGrouped: false, outputPadding: [1]), [1, 1, 1], 3, 1),
      ]
    }
  }

  @Test(arguments: try victims)
  func extremeIntegersAreRefusedOrComputed(_ victim: Victim) {
    var generator = SeededNumbers(seed: 7)
    for _ in 0..<300 {
      let further = victim.integerCounts.map { count in
        let values = (0..<count).map { _ in Self.extremes[generator.next(below: Self.extremes.count)] }
        // Now and then a scalar, where one value is asked for.
        let shape: Shape = count == 1 && generator.next(below: 2) == 0 ? .scalar : Shape(valid: [count])
        return Tensor(.i64, shape, elements: values)
      }
      let operands = [Operand(type: victim.data.type)] + further.map { Operand(type: $0.type, constant: $0) }
      guard let types = try? victim.op.resultTypes(operands) else { continue }
      let isSmall = types.allSatisfy { ($0.shape.fixed?.elementCount ?? .max) <= 4096 }
      guard isSmall, let results = try? victim.op.evaluate([victim.data] + further) else { continue }
      #expect(zip(results, types).allSatisfy { $0.elementType == $1.elementType && $1.shape.accepts($0.shape) })
    }
  }

  @Test(arguments: try victims)
  func wrongOperandCountsAreRefused(_ victim: Victim) {
    let operand = Operand(type: victim.data.type)
    #expect(throws: OperatorError.self) { try victim.op.resultTypes([]) }
    #expect(throws: OperatorError.self) {
      try victim.op.resultTypes([Operand](repeating: operand, count: 9))
    }
  }

  @Test(arguments: [(-1e300, 1e300, -1e-300), (1e300, -1e300, 1e-3), (0, .nan, 1), (0, 1, 0), (0, 1e300, 1)])
  func rangesWithoutEndAreRefusedOrEmpty(_ start: Double, _ stop: Double, _ step: Double) throws {
    let bounds = [start, stop, step].map {
      Operand(type: TensorType(.f64, Shape.scalar), constant: Tensor(.f64, .scalar, elements: [$0]))
    }
    let types = try? RangeOperator(outputType: .f64).resultTypes(bounds)
    #expect(types == nil || types?[0].shape == [0])
  }

  /// Indices may come with the request: they must not be refused when the plan runs.
  @Test func indicesOutsideGiveZerosOrNothing() throws {
    let x = Tensor(.f32, [3], elements: [Float(1), 2, 3])
    let wild = Tensor(.i64, [4], elements: [Int64.max, .min, -1, 1])
    let axis = Tensor(.i64, .scalar, elements: [Int64(0)])
    let gathered = try Gather(batchAxes: 0, wrapsNegatives: true).evaluate([x, wild, axis])
    #expect(gathered.map { $0.elements(as: Float.self) } == [[0, 0, 3, 2]])
    #expect(try GatherElements(axis: 0).evaluate([x, wild])[0].elements(as: Float.self) == [0, 0, 3, 2])
    let updates = Tensor(.f32, [4], elements: [Float(9), 8, 7, 6])
    #expect(try ScatterUpdate().evaluate([x, wild, updates, axis])[0].elements(as: Float.self) == [1, 6, 7])
  }
}

/// The same numbers at every run.
private struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
}
