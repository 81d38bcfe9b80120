import OctetKernels
import OctetTensor
import Testing

@Suite struct FloatMatrixProductTests {
  private func run(
    _ shape: MatrixProductShape, _ left: [Float], _ right: [Float], _ instructionSet: InstructionSet, team: WorkerTeam
  ) throws -> [Float] {
    let product = FloatMatrixProduct(
      shape, epilogue: Epilogue(channels: shape.columns, operations: [], output: .f32), instructionSet: instructionSet)
    let output = try GuardedMemory(count: shape.outputCount * 4, slack: 0, filledWith: 0xA5)
    let scratch = try GuardedMemory(
      count: (product.scratchByteCount + 63) / 64 * 64, slack: 0, filledWith: 0xFF)
    let inputs = try [left, right].map { try GuardedMemory($0, slack: 0) }
    product.run(left: inputs[0].base, right: inputs[1].base, output: output.base, scratch: scratch.base, team: team)
    withExtendedLifetime((inputs, scratch)) {}
    return output.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  @Test(arguments: InstructionSet.allCases, MatrixProductShape.corners)
  func isAsCloseToTheDefinitionAsRoundingAllows(
    _ instructionSet: InstructionSet, _ shape: MatrixProductShape
  ) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 30)
    let left = random.floats(shape.leftCount, in: -1...1)
    let right = random.floats(shape.rightCount, in: -1...1)
    let found = try testTeams.map { try run(shape, left, right, instructionSet, team: $0) }
    for (index, value) in found[0].enumerated() {
      let products = shape.terms(index).map { Double(left[$0.left]) * Double(right[$0.right]) }
      let exact = products.reduce(0, +), magnitude = products.reduce(0) { $0 + abs($1) }
      // Each of n products and n sums is rounded by at most half a unit in the last place, 2^-24 of the value.
      let tolerance = 2 * Double(shape.inner) * 0x1p-24 * magnitude
      #expect(abs(Double(value) - exact) <= tolerance, "element \(index) is \(value) instead of \(exact)")
    }
    #expect(found[0] == found[1], "one thread and two give different values")
  }
}
