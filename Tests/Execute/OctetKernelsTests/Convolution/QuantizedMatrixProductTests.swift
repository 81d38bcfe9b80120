import OctetKernels
import OctetTensor
import Testing

@Suite struct QuantizedMatrixProductTests {
  /// What both sides hold, and their zero points.
  struct Sides: Sendable, CustomTestStringConvertible {
    var left: UInt8?
    var right: UInt8?
    var zeroPoints: (left: UInt8, right: UInt8)

    var testDescription: String {
      func text(_ side: UInt8?) -> String { side.map { "all \($0)" } ?? "random" }
      return "\(text(left)) − \(zeroPoints.left) times \(text(right)) − \(zeroPoints.right)"
    }

    static let all: [Sides] = [
      Sides(zeroPoints: (0, 0)), Sides(zeroPoints: (0, 128)), Sides(zeroPoints: (128, 128)),
      Sides(zeroPoints: (77, 201)), Sides(left: 255, right: 255, zeroPoints: (0, 0)),
      Sides(left: 255, right: 0, zeroPoints: (0, 255)), Sides(left: 0, right: 255, zeroPoints: (255, 0)),
      Sides(left: 0, right: 0, zeroPoints: (255, 255)),
    ]
  }

  private func product(
    _ shape: MatrixProductShape, _ sides: Sides, _ operations: [PostOperation], _ output: Output,
    _ instructionSet: InstructionSet
  ) -> QuantizedMatrixProduct {
    QuantizedMatrixProduct(
      shape, leftZeroPoint: sides.zeroPoints.left, rightZeroPoint: sides.zeroPoints.right,
      epilogue: Epilogue(
        channels: shape.columns, operations: operations, output: output.type, outputRanges: output.ranges),
      instructionSet: instructionSet)
  }

  private func run(
    _ product: QuantizedMatrixProduct, _ left: [UInt8], _ right: [UInt8], _ output: Output,
    operand: [UInt8] = [], team: WorkerTeam = testTeams[0]
  ) throws -> [UInt8] {
    let result = try GuardedMemory(count: product.shape.outputCount * output.bytes, slack: 0, filledWith: 0xA5)
    let scratch = try GuardedMemory(
      count: (product.scratchByteCount + 63) / 64 * 64, slack: 0, filledWith: 0xFF)
    let inputs = try [
      GuardedMemory(left, slack: 31), GuardedMemory(right, slack: 0), GuardedMemory(operand, slack: 15),
    ]
    product.run(
      left: inputs[0].base, right: inputs[1].base, output: result.base,
      operands: EpilogueOperands(UnsafeRawPointer(inputs[2].base)), scratch: scratch.base, team: team)
    withExtendedLifetime((inputs, scratch)) {}
    return result.bytes
  }

  private func bytes(_ shape: MatrixProductShape, _ sides: Sides) -> (left: [UInt8], right: [UInt8]) {
    var random = TestRandom(seed: 31)
    let left = sides.left.map { Array(repeating: $0, count: shape.leftCount) } ?? random.bytes(shape.leftCount)
    let right = sides.right.map { Array(repeating: $0, count: shape.rightCount) } ?? random.bytes(shape.rightCount)
    return (left, right)
  }

  private func exactSums(_ shape: MatrixProductShape, _ sides: Sides, _ left: [UInt8], _ right: [UInt8]) -> [Float] {
    let (z, y) = (Int(sides.zeroPoints.left), Int(sides.zeroPoints.right))
    return (0..<shape.outputCount).map { index in
      Float(shape.terms(index).reduce(0) { $0 + (Int(left[$1.left]) - z) * (Int(right[$1.right]) - y) })
    }
  }

  @Test(arguments: InstructionSet.allCases, MatrixProductShape.corners)
  func sumsEqualTheDefinition(_ instructionSet: InstructionSet, _ shape: MatrixProductShape) throws {
    _ = try instructionSet.cpuOrCancel()
    for sides in Sides.all {
      let (left, right) = bytes(shape, sides)
      let found = try run(product(shape, sides, [], .f32, instructionSet), left, right, .f32)
      let sums = found.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      let difference = firstDifference(sums, exactSums(shape, sides, left, right))
      #expect(difference == nil, "\(sides.testDescription)")
    }
  }

  @Test(arguments: InstructionSet.allCases, MatrixProductShape.corners)
  func quantizedResultsEqualTheDefinition(_ instructionSet: InstructionSet, _ shape: MatrixProductShape) throws {
    _ = try instructionSet.cpuOrCancel()
    let sides = Sides(zeroPoints: (3, 131))
    let (left, right) = bytes(shape, sides)
    let operations: [PostOperation] = [
      .scaleShift(scale: [0.01], shift: [12.5]), .addOperand(type: .u8, scale: 0.37, shift: -3.25),
    ]
    var random = TestRandom(seed: 32)
    let operand = random.bytes(shape.outputCount)
    let kernel = product(shape, sides, operations, .u8, instructionSet)
    let found = try testTeams.map { try run(kernel, left, right, .u8, operand: operand, team: $0) }
    let expected = exactSums(shape, sides, left, right).enumerated().map { index, sum in
      Output.u8.stored(
        operations.result(of: sum, channel: index % shape.columns, operands: [Float(operand[index])]),
        channel: index % shape.columns)
    }
    #expect(firstDifference(found[0], expected) == nil)
    #expect(found[0] == found[1], "one thread and two write different bytes")
  }

  /// The extremes of both sides, where every part of the sum is largest.
  @Test(arguments: InstructionSet.allCases)
  func theLongestSumDoesNotOverflow(_ instructionSet: InstructionSet) throws {
    _ = try instructionSet.cpuOrCancel()
    let shape = MatrixProductShape(rows: 1, inner: QuantizedMatrixProduct.maximumInner, columns: 1)
    for (a, b, z, y) in [(255, 255, 0, 0), (255, 0, 0, 255), (0, 255, 255, 0)] as [(UInt8, UInt8, UInt8, UInt8)] {
      let sides = Sides(left: a, right: b, zeroPoints: (z, y))
      let (left, right) = bytes(shape, sides)
      let found = try run(product(shape, sides, [], .f32, instructionSet), left, right, .f32)
      let sum = found.withUnsafeBytes { $0.load(as: Float.self) }
      #expect([sum] == exactSums(shape, sides, left, right))
    }
  }
}
