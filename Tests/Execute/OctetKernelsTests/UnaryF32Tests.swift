import OctetKernels
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// An operation, what it means in f64, and how far f32 may be from that: |y − meaning| <= tolerance·max(1, |meaning|).
struct UnaryCase: Sendable, CustomTestStringConvertible {
  var operation: UnaryF32.Operation
  var tolerance: Double
  var meaning: @Sendable (Double) -> Double

  init(_ operation: UnaryF32.Operation, _ tolerance: Double = 0, _ meaning: @escaping @Sendable (Double) -> Double) {
    self.operation = operation
    self.tolerance = tolerance
    self.meaning = meaning
  }

  var testDescription: String { "\(operation)" }

  /// Wide enough for one rounding of each of a few operations.
  private static let few = 4e-7

  /// x·f, and the limit 0 where f falls to 0 faster than x grows.
  private static func times(_ x: Double, _ f: Double) -> Double { f == 0 ? 0 : x * f }

  static let all: [UnaryCase] = [
    UnaryCase(.relu) { $0 > 0 ? $0 : 0 },
    UnaryCase(.leakyRelu(slope: 0.125), few) { $0 > 0 || $0.isNaN ? $0 : 0.125 * $0 },
    UnaryCase(.clamp(-1.5...2.5)) { $0 > -1.5 ? min($0, 2.5) : -1.5 },
    UnaryCase(.hardSwish, few) { $0 * min(max($0 + 3, 0), 6) / 6 },
    UnaryCase(.hardSigmoid(alpha: 0.25, beta: 0.5), few) { x in x.isNaN ? 0 : min(max(0.25 * x + 0.5, 0), 1) },
    UnaryCase(.sigmoid, few) { 1 / (1 + exp(-$0)) },
    UnaryCase(.swish(beta: 1.5), few) { times($0, 1 / (1 + exp(-1.5 * $0))) },
    UnaryCase(.tanh, few) { tanh($0) },
    UnaryCase(.geluErf, few) { times($0 / 2, 1 + erf($0 / 2.0.squareRoot())) },
    UnaryCase(.geluTanh, few) { x in
      times(x / 2, 1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    },
    UnaryCase(.elu(alpha: 0.5), few) { $0 > 0 ? $0 : 0.5 * expm1($0) },
    UnaryCase(.selu(alpha: 1.6732632, lambda: 1.0507010), few) { 1.0507010 * ($0 > 0 ? $0 : 1.6732632 * expm1($0)) },
    UnaryCase(.mish, few) { $0 * tanh($0 > 50 ? $0 : log1p(exp($0))) },
    UnaryCase(.softplus, few) { $0 > 50 ? $0 : log1p(exp($0)) },
    UnaryCase(.exp, few) { exp($0) },
    UnaryCase(.log, few) { log($0) },
    UnaryCase(.sqrt, few) { $0.squareRoot() },
    UnaryCase(.abs) { abs($0) },
    UnaryCase(.negative) { -$0 },
    UnaryCase(.floor) { $0.rounded(.down) },
    UnaryCase(.ceiling) { $0.rounded(.up) },
    UnaryCase(.roundHalfEven) { $0.rounded(.toNearestOrEven) },
    UnaryCase(.roundHalfAway) { $0.rounded(.toNearestOrAwayFromZero) },
    UnaryCase(.reciprocal, few) { 1 / $0 },
    UnaryCase(.erf, few) { erf($0) },
    UnaryCase(.sign) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 },
    UnaryCase(.square, few) { $0 * $0 },
  ]
}

struct UnaryF32Tests {
  /// Every magnitude from 1e-40 to 1e38, and the range where functions bend.
  private static let inputs: [Float] = {
    var random = TestRandom(seed: 11)
    let magnitudes = (-133...127).flatMap { [Float(sign: .plus, exponent: $0, significand: 1.37), -0x1.3p0] }
    return random.floats(3000, in: -12...12) + random.floats(1000, in: -110...110) + magnitudes
      + (-40...40).map { Float($0) / 4 } + [0x1p-149, -0x1p-149, 0.49999997, -0.49999997, 8388609, 88.7, -87.4, -103]
  }()

  private func run(_ unary: UnaryF32, _ values: [Float], team: WorkerTeam = testTeams[0]) -> [Float] {
    let destination = TestMemory<Float>(count: values.count)
    TestMemory(values).with { source in destination.with { unary.run(source, into: $0, team: team) } }
    #expect(destination.endIsUntouched)
    return destination.values
  }

  @Test(arguments: UnaryCase.all)
  func staysWithinToleranceOfTheMeaning(_ test: UnaryCase) {
    let unary = UnaryF32(test.operation, RowLayout(rows: 1, columns: Self.inputs.count))
    for (x, y) in zip(Self.inputs, run(unary, Self.inputs)) {
      let expected = test.meaning(Double(x))
      guard expected.isFinite, abs(expected) <= Double(Float.greatestFiniteMagnitude) else {
        #expect(Float(expected) == y || (expected.isNaN && y.isNaN), "\(test.operation)(\(x)) is \(y)")
        continue
      }
      let error = abs(Double(y) - expected)
      #expect(error <= test.tolerance * max(1, abs(expected)), "\(test.operation)(\(x)) is \(y), not \(expected)")
    }
  }

  @Test(arguments: UnaryCase.all)
  func specialValuesFollowTheMeaning(_ test: UnaryCase) {
    let specials: [Float] = [.nan, .infinity, -.infinity, 0, -0.0]
    let unary = UnaryF32(test.operation, RowLayout(rows: 1, columns: specials.count))
    for (x, y) in zip(specials, run(unary, specials)) {
      let expected = Float(test.meaning(Double(x)))
      let close = abs(y - expected) <= Float(test.tolerance)
      #expect(y == expected || close || (y.isNaN && expected.isNaN), "\(test.operation)(\(x)) is \(y)")
    }
  }

  @Test(arguments: InstructionSet.allCases, UnaryCase.all)
  func everyInstructionSetGivesTheScalarBytes(_ instructionSet: InstructionSet, _ test: UnaryCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    for count in [1, 15, 16, 17, 33, Self.inputs.count] {
      let values = awkwardFloats + Self.inputs
      let layout = RowLayout(rows: 1, columns: count)
      let expected = run(UnaryF32(test.operation, layout, cpu: CPU(upTo: .scalar)), Array(values.prefix(count)))
      let found = run(UnaryF32(test.operation, layout, cpu: cpu), Array(values.prefix(count)))
      #expect(firstDifference(canonical(found), canonical(expected)) == nil)
    }
  }

  @Test(arguments: InstructionSet.allCases, [1, 3, 16, 17, 33, 1200])
  func parametricReluHasASlopePerChannel(_ instructionSet: InstructionSet, columns: Int) throws {
    let cpu = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: UInt64(columns))
    let rows = 6
    let layout = RowLayout(rows: rows, columns: columns, sourceStride: columns + 2, destinationStride: columns + 1)
    let source = random.floats(rows * (columns + 2), in: -9...9)
    for channels in [UnaryF32.Channels.rows, .columns] {
      let slopes = random.floats(channels == .rows ? 3 : columns, in: -1...1)
      var expected = [Float](repeating: TestMemory<Float>.untouched, count: rows * (columns + 1))
      for row in 0..<rows {
        for column in 0..<columns {
          let x = source[row * (columns + 2) + column]
          let slope = slopes[channels == .rows ? row % 3 : column]
          expected[row * (columns + 1) + column] = x > 0 ? x : slope * x
        }
      }
      let kernel = UnaryF32(parametricRelu: slopes, along: channels, layout, cpu: cpu)
      for team in testTeams {
        let destination = TestMemory<Float>(count: expected.count)
        TestMemory(source).with { source in destination.with { kernel.run(source, into: $0, team: team) } }
        #expect(firstDifference(destination.values, expected) == nil)
      }
    }
  }

  @Test func twoThreadsGiveTheBytesOfOne() {
    var random = TestRandom(seed: 5)
    let values = random.floats(100_003, in: -20...20)
    let unary = UnaryF32(.geluErf, RowLayout(rows: 1, columns: values.count))
    #expect(firstDifference(run(unary, values, team: testTeams[1]), run(unary, values)) == nil)
  }
}
