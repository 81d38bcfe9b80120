import OctetKernels
import OctetTensor
import Testing

@Suite struct FloatMatrixProductTests {
  typealias Shape = FloatMatrixProduct.Shape

  private static let shapes: [Shape] = [
    Shape(rows: 1, inner: 1, columns: 1), Shape(rows: 7, inner: 33, columns: 70),
    Shape(batch: 3, rows: 20, inner: 5, columns: 19, leftIsTransposed: true),
    Shape(batch: 2, rows: 5, inner: 64, columns: 48, rightIsTransposed: true),
    Shape(batch: 3, rows: 17, inner: 9, columns: 16, leftIsTransposed: true, rightIsTransposed: true),
    Shape(batch: 3, rows: 4, inner: 6, columns: 100, rightIsShared: true),
    Shape(batch: 2, rows: 18, inner: 3, columns: 5, leftIsTransposed: true, leftIsShared: true),
  ]

  private func run(
    _ shape: Shape, _ left: [Float], _ right: [Float], _ instructionSet: InstructionSet, team: WorkerTeam
  ) throws -> [Float] {
    let product = FloatMatrixProduct(
      shape, epilogue: Epilogue(channels: shape.columns, operations: [], output: .f32), instructionSet: instructionSet)
    let count = shape.batch * shape.rows * shape.columns
    let output = try GuardedMemory(count: count * 4, slack: 0, filledWith: 0xA5)
    let scratch = try GuardedMemory(count: product.scratchByteCount, slack: 0, filledWith: 0xFF)
    let inputs = try [left, right].map { try GuardedMemory($0, slack: 0) }
    product.run(left: inputs[0].base, right: inputs[1].base, output: output.base, scratch: scratch.base, team: team)
    withExtendedLifetime((inputs, scratch)) {}
    return output.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// The elements of row `row` of left[b] and column `column` of right[b].
  private func terms(_ shape: Shape, _ index: Int) -> [(left: Int, right: Int)] {
    let column = index % shape.columns, row = index / shape.columns % shape.rows
    let batch = index / shape.columns / shape.rows
    let left = shape.leftIsShared ? 0 : batch * shape.rows * shape.inner
    let right = shape.rightIsShared ? 0 : batch * shape.inner * shape.columns
    return (0..<shape.inner).map { k in
      (
        left + (shape.leftIsTransposed ? k * shape.rows + row : row * shape.inner + k),
        right + (shape.rightIsTransposed ? column * shape.inner + k : k * shape.columns + column)
      )
    }
  }

  @Test(arguments: InstructionSet.allCases, shapes)
  func isAsCloseToTheDefinitionAsRoundingAllows(_ instructionSet: InstructionSet, _ shape: Shape) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 30)
    let left = random.floats((shape.leftIsShared ? 1 : shape.batch) * shape.rows * shape.inner, in: -1...1)
    let right = random.floats((shape.rightIsShared ? 1 : shape.batch) * shape.inner * shape.columns, in: -1...1)
    let found = try testTeams.map { try run(shape, left, right, instructionSet, team: $0) }
    for (index, value) in found[0].enumerated() {
      let products = terms(shape, index).map { Double(left[$0.left]) * Double(right[$0.right]) }
      let exact = products.reduce(0, +), magnitude = products.reduce(0) { $0 + abs($1) }
      // Each of n products and n sums is rounded by at most half a unit in the last place, 2^-24 of the value.
      let tolerance = 2 * Double(shape.inner) * 0x1p-24 * magnitude
      #expect(abs(Double(value) - exact) <= tolerance, "element \(index) is \(value) instead of \(exact)")
    }
    #expect(found[0] == found[1], "one thread and two give different values")
  }
}
