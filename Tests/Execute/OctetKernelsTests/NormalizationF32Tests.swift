import OctetKernels
import Testing

struct NormalizationCase: Sendable, CustomTestStringConvertible {
  var operation: NormalizationF32.Operation
  var layout: RowLayout
  var parameters: NormalizationF32.Parameters

  var testDescription: String { "\(operation) of \(layout.rows)×\(layout.columns)" }

  static let all: [NormalizationCase] = [1, 15, 16, 17, 33, 1000].flatMap { columns in
    var random = TestRandom(seed: UInt64(columns))
    let dense = RowLayout(rows: 30, columns: columns)
    let wide = RowLayout(rows: 5, columns: columns, sourceStride: columns + 3, destinationStride: columns + 7)
    let perColumn = NormalizationF32.Parameters.columns(
      gamma: random.floats(columns, in: -2...2), beta: random.floats(columns, in: -2...2))
    let perRow = NormalizationF32.Parameters.rows(gamma: [1.5, -0.5, 2], beta: [0, 1, -3])
    return [
      NormalizationCase(operation: .mean, layout: dense, parameters: .none),
      NormalizationCase(operation: .meanAndVariance(.insideRoot(1e-5)), layout: wide, parameters: perColumn),
      NormalizationCase(operation: .meanAndVariance(.outsideRoot(1e-3)), layout: dense, parameters: perRow),
      NormalizationCase(operation: .length(.least(1e-6)), layout: wide, parameters: .none),
      NormalizationCase(operation: .length(.insideRoot(1e-6)), layout: dense, parameters: perColumn),
    ]
  }

  /// One row in f64.
  func meaning(_ row: [Double], number: Int) -> [Double] {
    let mean = row.reduce(0, +) / Double(row.count)
    let normalized =
      switch operation {
      case .mean: row.map { $0 - mean }
      case .meanAndVariance(let epsilon):
        row.map { ($0 - mean) / epsilon.divisor(row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)) }
      case .length(let epsilon): row.map { $0 / epsilon.divisor(row.reduce(0) { $0 + $1 * $1 }) }
      }
    switch parameters {
    case .none: return normalized
    case .rows(let gamma, let beta):
      return normalized.map { $0 * Double(gamma[number % gamma.count]) + Double(beta[number % beta.count]) }
    case .columns(let gamma, let beta):
      return normalized.indices.map { normalized[$0] * Double(gamma[$0]) + Double(beta[$0]) }
    }
  }
}

extension NormalizationF32.Epsilon {
  fileprivate func divisor(_ value: Double) -> Double {
    switch self {
    case .insideRoot(let epsilon): (value + Double(epsilon)).squareRoot()
    case .outsideRoot(let epsilon): value.squareRoot() + Double(epsilon)
    case .least(let epsilon): max(value, Double(epsilon)).squareRoot()
    }
  }
}

struct NormalizationF32Tests {
  private func run(_ test: NormalizationCase, _ values: [Float], cpu: CPU = .current, team: WorkerTeam) -> [Float] {
    let kernel = NormalizationF32(test.operation, test.layout, parameters: test.parameters, cpu: cpu)
    let destination = TestMemory<Float>(count: test.layout.rows * test.layout.destinationStride)
    TestMemory(values).with { source in destination.with { kernel.run(source, into: $0, team: team) } }
    #expect(destination.endIsUntouched)
    return destination.values
  }

  private func values(_ test: NormalizationCase) -> [Float] {
    var random = TestRandom(seed: 17)
    return random.floats(test.layout.rows * test.layout.sourceStride, in: -3...5)
  }

  @Test(arguments: NormalizationCase.all)
  func staysWithinToleranceOfTheMeaning(_ test: NormalizationCase) {
    let layout = test.layout
    let source = values(test)
    let found = run(test, source, team: testTeams[0])
    for row in 0..<layout.rows {
      let expected = test.meaning(
        source[row * layout.sourceStride..<row * layout.sourceStride + layout.columns].map { Double($0) }, number: row)
      let result = found[row * layout.destinationStride..<(row + 1) * layout.destinationStride]
      // Rounding of the mean of a thousand values below 5, and of the few operations behind it.
      let close = zip(result, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 }
      #expect(close, "row \(row)")
      let gap = result.dropFirst(layout.columns)
      #expect(gap.allSatisfy { $0.bitPattern == TestMemory<Float>.untouched.bitPattern }, "after row \(row)")
    }
  }

  @Test(arguments: InstructionSet.allCases, NormalizationCase.all)
  func everyInstructionSetAndThreadCountGivesTheScalarBytes(
    _ instructionSet: InstructionSet, _ test: NormalizationCase
  ) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let source = values(test)
    let expected = run(test, source, cpu: CPU(upTo: .scalar), team: testTeams[0])
    for team in testTeams {
      #expect(firstDifference(run(test, source, cpu: cpu, team: team), expected) == nil)
    }
  }

  @Test(arguments: InstructionSet.allCases, NormalizationCase.all)
  func bytesAreTheRoundedFloats(_ instructionSet: InstructionSet, _ test: NormalizationCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let source = values(test)
    let floats = run(test, source, cpu: cpu, team: testTeams[0])
    let kernel = NormalizationF32(
      test.operation, test.layout, parameters: test.parameters, result: .bytes(low: -3, high: 2), cpu: cpu)
    for team in testTeams {
      let destination = TestMemory<Int8>(count: test.layout.rows * test.layout.destinationStride)
      TestMemory(source).with { source in destination.with { kernel.run(source, into: $0, team: team) } }
      #expect(destination.endIsUntouched)
      let expected = floats.indices.map { index in
        index % test.layout.destinationStride < test.layout.columns
          ? Int8(min(max(floats[index].rounded(.toNearestOrEven), -3), 2)) : TestMemory<Int8>.untouched
      }
      #expect(firstDifference(destination.values, expected) == nil)
    }
  }

  @Test(arguments: InstructionSet.allCases, NormalizationCase.all)
  func floatsAndTheirBytesAreWrittenTogether(_ instructionSet: InstructionSet, _ test: NormalizationCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let (source, layout) = (values(test), test.layout)
    let floats = run(test, source, cpu: cpu, team: testTeams[0])
    var random = TestRandom(seed: 23)
    let quantizer = NormalizationF32.Quantizer(
      scale: random.floats(layout.columns, in: -30...30), shift: random.floats(layout.columns, in: 0...200),
      result: .bytes(low: 3, high: 250))
    let kernel = NormalizationF32(
      test.operation, layout, parameters: test.parameters, quantizer: quantizer, cpu: cpu)
    let expected = (0..<layout.rows * layout.columns).map { index in
      let (row, column) = (index / layout.columns, index % layout.columns)
      let q = floats[row * layout.destinationStride + column] * quantizer.scale[column] + quantizer.shift[column]
      return UInt8(min(max(q.rounded(.toNearestOrEven), 3), 250))
    }
    for team in testTeams {
      let destination = TestMemory<Float>(count: floats.count), quantized = TestMemory<UInt8>(count: expected.count)
      TestMemory(source).with { source in
        destination.with { floats in
          quantized.with { kernel.run(source, into: floats, quantized: $0, team: team) }
        }
      }
      #expect(destination.endIsUntouched && quantized.endIsUntouched)
      #expect(firstDifference(destination.values, floats) == nil)
      #expect(firstDifference(quantized.values, expected) == nil)
    }
  }

  @Test(arguments: InstructionSet.allCases, NormalizationCase.all)
  func rowsOfBytesAreNormalizedLikeTheirFloats(_ instructionSet: InstructionSet, _ test: NormalizationCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let layout = test.layout
    var random = TestRandom(seed: 29)
    let bytes = random.floats(layout.rows * layout.sourceStride, in: 0...255.99).map { UInt8($0) }
    for isSigned in [false, true] {
      let floats = bytes.map { isSigned ? Float(Int8(bitPattern: $0)) : Float($0) }
      let expected = run(test, floats, cpu: cpu, team: testTeams[0])
      let kernel = NormalizationF32(
        test.operation, layout, source: isSigned ? .i8 : .u8, parameters: test.parameters, cpu: cpu)
      for team in testTeams {
        let destination = TestMemory<Float>(count: expected.count)
        TestMemory(bytes).with { source in destination.with { kernel.run(source, into: $0, team: team) } }
        #expect(destination.endIsUntouched)
        #expect(firstDifference(destination.values, expected) == nil)
      }
    }
  }

  @Test func rowOfEqualValuesBecomesZero() {
    let test = NormalizationCase(
      operation: .meanAndVariance(.insideRoot(1e-5)), layout: RowLayout(rows: 1, columns: 48), parameters: .none)
    let zeros = [Float](repeating: 0, count: 48)
    #expect(run(test, [Float](repeating: 7.25, count: 48), team: testTeams[0]) == zeros)
  }
}
