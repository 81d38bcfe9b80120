import OctetKernels
import Testing

#if canImport(Glibc)
  import Glibc
#endif

struct SoftmaxCase: Sendable, CustomTestStringConvertible {
  var outer: Int, axis: Int, inner: Int
  var testDescription: String { "[\(outer), \(axis), \(inner)]" }

  static let all =
    [1, 2, 3, 15, 16, 17, 31, 32, 33, 1000].flatMap { axis in
      [SoftmaxCase(outer: 5, axis: axis, inner: 1), SoftmaxCase(outer: 2, axis: axis, inner: 19)]
    } + [
      SoftmaxCase(outer: 4420, axis: 2, inner: 1), SoftmaxCase(outer: 1, axis: 21, inner: 500),
      SoftmaxCase(outer: 33, axis: 300, inner: 1), SoftmaxCase(outer: 3, axis: 0, inner: 1),
    ]
}

struct SoftmaxF32Tests {
  private func run(_ softmax: SoftmaxF32, _ values: [Float], team: WorkerTeam) -> [Float] {
    let destination = TestMemory<Float>(count: values.count)
    TestMemory(values).with { source in destination.with { softmax.run(source, into: $0, team: team) } }
    #expect(destination.endIsUntouched)
    return destination.values
  }

  private func meaning(_ test: SoftmaxCase, _ values: [Float], logarithmic: Bool) -> [Double] {
    var result = values.map { Double($0) }
    for outer in 0..<test.outer {
      for inner in 0..<test.inner {
        let indices = (0..<test.axis).map { (outer * test.axis + $0) * test.inner + inner }
        let greatest = indices.map { result[$0] }.max() ?? 0
        let sum = indices.reduce(0) { $0 + exp(result[$1] - greatest) }
        for index in indices {
          let distance = result[index] - greatest
          result[index] = logarithmic ? distance - log(sum) : exp(distance) / sum
        }
      }
    }
    return result
  }

  @Test(arguments: SoftmaxCase.all, [false, true])
  func staysWithinToleranceOfTheMeaning(_ test: SoftmaxCase, logarithmic: Bool) {
    var random = TestRandom(seed: UInt64(test.axis))
    let values = random.floats(test.outer * test.axis * test.inner, in: -30...30)
    let softmax = SoftmaxF32(outer: test.outer, axis: test.axis, inner: test.inner, logarithmic: logarithmic)
    let found = run(softmax, values, team: testTeams[0])
    // Relative to the result: roundings of the exponent's argument, which is at most 60. A logarithm near 0 comes from
    // sums near 1, whose rounding it keeps.
    let least = logarithmic ? 1 : 1e-20
    let close = zip(found, meaning(test, values, logarithmic: logarithmic)).allSatisfy { found, expected in
      abs(Double(found) - expected) <= 4e-6 * max(abs(expected), least)
    }
    #expect(close)
  }

  @Test(arguments: InstructionSet.allCases, SoftmaxCase.all)
  func everyInstructionSetAndThreadCountGivesTheScalarBytes(
    _ instructionSet: InstructionSet, _ test: SoftmaxCase
  ) throws {
    let cpu = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: UInt64(test.axis))
    let values = random.floats(test.outer * test.axis * test.inner, in: -90...90)
    for logarithmic in [false, true] {
      func softmax(_ cpu: CPU) -> SoftmaxF32 {
        SoftmaxF32(outer: test.outer, axis: test.axis, inner: test.inner, logarithmic: logarithmic, cpu: cpu)
      }
      let expected = run(softmax(CPU(upTo: .scalar)), values, team: testTeams[0])
      for team in testTeams {
        #expect(firstDifference(run(softmax(cpu), values, team: team), expected) == nil)
      }
    }
  }

  @Test func hugeValuesDoNotOverflow() {
    let softmax = SoftmaxF32(outer: 1, axis: 3)
    #expect(run(softmax, [1e30, -1e30, 1e30], team: testTeams[0]) == [0.5, 0, 0.5])
    #expect(run(softmax, [-.infinity, 0, -.infinity], team: testTeams[0]) == [0, 1, 0])
  }

  @Test func notANumberSpreadsAlongItsAxisOnly() {
    let softmax = SoftmaxF32(outer: 2, axis: 2)
    let found = run(softmax, [.nan, 1, 2, 2], team: testTeams[0])
    #expect(found[0].isNaN && found[1].isNaN)
    #expect(found[2...] == [0.5, 0.5])
  }
}
