import OctetKernels
import OctetTensor
import Testing

@Suite struct AttentionKernelTests {
  private static let shapes: [(batch: Int, rows: Int, keys: Int, width: Int, columns: Int)] = [
    (1, 1, 1, 1, 1), (3, 20, 5, 9, 19), (2, 130, 31, 32, 64), (2, 7, 32, 3, 33), (1, 25, 200, 64, 70),
    (1, 8, AttentionKernel.maximumKeys, 4, 5),
  ]

  /// Dense matrices, the keys as keys × width.
  private func layout(_ shape: (batch: Int, rows: Int, keys: Int, width: Int, columns: Int)) -> AttentionKernel.Layout {
    func steps(_ rows: Int, _ columns: Int) -> MatrixSteps {
      MatrixSteps(rows: rows, columns: columns, batch: shape.batch)
    }
    return AttentionKernel.Layout(
      scores: MatrixProductShape(
        batch: shape.batch, rows: shape.rows, inner: shape.width, columns: shape.keys, rightIsTransposed: true),
      query: steps(shape.rows, shape.width), keys: steps(shape.keys, shape.width), valueColumns: shape.columns,
      valuesAreTransposed: false, values: steps(shape.keys, shape.columns), output: steps(shape.rows, shape.columns),
      operands: [])
  }

  /// All in bytes: exact but for the softmax, whose values stay clear of the quantizer's ties or are a step apart.
  @Test(arguments: InstructionSet.allCases, shapes.indices)
  func bytesAreThoseOfTheDefinition(_ instructionSet: InstructionSet, _ index: Int) throws {
    _ = try instructionSet.cpuOrCancel()
    let shape = Self.shapes[index]
    var random = TestRandom(seed: 71)
    let query = random.bytes(shape.batch * shape.rows * shape.width)
    let keys = random.bytes(shape.batch * shape.keys * shape.width)
    let values = random.bytes(shape.batch * shape.keys * shape.columns)
    let scale: Float = 2e-5, quantizer = AttentionKernel.Quantizer(scale: 255, shift: 0, high: 255)
    let kernel = AttentionKernel(
      layout(shape), scoresZeroPoints: (7, 131), quantization: (quantizer, (0, 97)),
      scoresEpilogue: Epilogue(
        channels: shape.keys, operations: [.scaleShift(scale: [scale], shift: [0])], output: .f32),
      valuesEpilogue: Epilogue(channels: shape.columns, operations: [], output: .f32), instructionSet: instructionSet)
    let inputs = try [
      GuardedMemory(query, slack: 31), GuardedMemory(keys, slack: 0), GuardedMemory(values, slack: 0),
    ]
    let count = shape.batch * shape.rows * shape.columns
    let found = try testTeams.map { team in
      let output = try GuardedMemory(count: count * 4, slack: 0, filledWith: 0xA5)
      let scratch = try GuardedMemory(count: (kernel.scratchByteCount + 63) / 64 * 64, slack: 0, filledWith: 0xFF)
      kernel.run(
        query: inputs[0].base, keys: inputs[1].base, values: inputs[2].base, output: output.base,
        scratch: scratch.base, team: team)
      withExtendedLifetime(scratch) {}
      return output.bytes
    }
    #expect(found[0] == found[1], "one thread and two write different bytes")

    let sums = found[0].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    for row in 0..<shape.batch * shape.rows {
      let matrix = row / shape.rows
      let exact = probabilities(
        (0..<shape.keys).map { key in
          (0..<shape.width).reduce(0) { sum, k in
            let (a, b) = (query[row * shape.width + k], keys[(matrix * shape.keys + key) * shape.width + k])
            return sum + (Int(a) - 7) * (Int(b) - 131)
          }
        }, scale)
      for column in 0..<shape.columns {
        let weights = (0..<shape.keys).map { Int(values[(matrix * shape.keys + $0) * shape.columns + column]) - 97 }
        // What a probability is away from a tie decides how many may have fallen on its other side.
        let expected = zip(exact, weights).reduce(0) { $0 + Int($1.0.value) * $1.1 }
        let slack = zip(exact, weights).reduce(0) { $0 + ($1.0.isNearTie ? abs($1.1) : 0) }
        #expect(abs(Int(sums[row * shape.columns + column]) - expected) <= slack)
      }
    }
  }

  private func probabilities(_ sums: [Int], _ scale: Float) -> [(value: UInt8, isNearTie: Bool)] {
    let scores = sums.map { Double(Float($0) * scale) }
    let greatest = scores.max() ?? 0
    let exponentials = scores.map { exponential($0 - greatest) }
    let total = exponentials.reduce(0, +)
    return exponentials.map { value in
      let scaled = value / total * 255
      return (UInt8(scaled.rounded(.toNearestOrEven)), abs(scaled - scaled.rounded(.down) - 0.5) < 1e-3)
    }
  }
}

/// e^x for x <= 0 by its series, of x / 1024, squared ten times.
private func exponential(_ x: Double) -> Double {
  var term = 1.0, sum = 1.0
  for n in 1...12 {
    term *= x / 1024 / Double(n)
    sum += term
  }
  return (0..<10).reduce(sum) { value, _ in value * value }
}
