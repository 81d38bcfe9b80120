import OctetKernels
import Testing

struct ReductionCase: Sendable, CustomTestStringConvertible {
  var operation: ReductionF32.Operation
  var outer: Int, axis: Int, inner: Int

  var testDescription: String { "\(operation) of [\(outer), \(axis), \(inner)]" }

  static let all: [ReductionCase] = ReductionF32.Operation.allCases.flatMap { operation in
    [1, 2, 15, 16, 17, 33, 200].flatMap { axis in
      [1, 3, 16, 50].map { ReductionCase(operation: operation, outer: 3, axis: axis, inner: $0) }
    } + [ReductionCase(operation: operation, outer: 40, axis: 500, inner: 1)]
  }

  func reduce(_ values: [Double]) -> Double {
    switch operation {
    case .sum: values.reduce(0, +)
    case .mean: values.reduce(0, +) / Double(values.count)
    case .maximum: values.max() ?? -.infinity
    case .minimum: values.min() ?? .infinity
    case .product: values.reduce(1, *)
    }
  }
}

struct ReductionF32Tests {
  private func run(_ test: ReductionCase, _ values: [Float], cpu: CPU = .current, team: WorkerTeam) -> [Float] {
    let kernel = ReductionF32(test.operation, outer: test.outer, axis: test.axis, inner: test.inner, cpu: cpu)
    let destination = TestMemory<Float>(count: test.outer * test.inner)
    TestMemory(values).with { source in destination.with { kernel.run(source, into: $0, team: team) } }
    #expect(destination.endIsUntouched)
    return destination.values
  }

  /// Near 1, so that products of hundreds stay finite.
  private func values(_ test: ReductionCase) -> [Float] {
    var random = TestRandom(seed: UInt64(test.axis))
    return random.floats(test.outer * test.axis * test.inner, in: -1.3...1.3)
  }

  @Test(arguments: ReductionCase.all)
  func staysWithinToleranceOfTheMeaning(_ test: ReductionCase) {
    let source = values(test)
    let found = run(test, source, team: testTeams[0])
    for outer in 0..<test.outer {
      for inner in 0..<test.inner {
        let axis = (0..<test.axis).map { Double(source[(outer * test.axis + $0) * test.inner + inner]) }
        let expected = test.reduce(axis)
        // One rounding per element, relative to the sum of magnitudes; a product's relative to itself.
        let scale = test.operation == .product ? abs(expected) : axis.reduce(0) { $0 + abs($1) }
        let error = abs(Double(found[outer * test.inner + inner]) - expected)
        #expect(error <= 6e-8 * Double(test.axis) * scale + 1e-44)
      }
    }
  }

  @Test(arguments: InstructionSet.allCases, ReductionCase.all)
  func everyInstructionSetAndThreadCountGivesTheScalarBytes(
    _ instructionSet: InstructionSet, _ test: ReductionCase
  ) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let source = values(test)
    let expected = run(test, source, cpu: CPU(upTo: .scalar), team: testTeams[0])
    for team in testTeams {
      #expect(firstDifference(run(test, source, cpu: cpu, team: team), expected) == nil)
    }
  }

  @Test func extremesIgnoreNotANumber() {
    let values: [Float] = [.nan, 2, -3, .nan]
    for (operation, expected) in [(ReductionF32.Operation.maximum, Float(2)), (.minimum, -3)] {
      let contiguous = ReductionCase(operation: operation, outer: 1, axis: 4, inner: 1)
      #expect(run(contiguous, values, team: testTeams[0]) == [expected])
      let strided = ReductionCase(operation: operation, outer: 1, axis: 2, inner: 2)
      #expect(run(strided, [.nan, expected, expected, .nan], team: testTeams[0]) == [expected, expected])
    }
  }

  @Test func emptyAxisGivesTheNeutralElement() {
    for (operation, expected) in [(ReductionF32.Operation.sum, Float(0)), (.maximum, -.infinity), (.product, 1)] {
      let test = ReductionCase(operation: operation, outer: 2, axis: 0, inner: 3)
      #expect(run(test, [], team: testTeams[0]) == [Float](repeating: expected, count: 6))
    }
  }
}
