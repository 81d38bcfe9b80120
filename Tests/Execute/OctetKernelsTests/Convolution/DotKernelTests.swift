import COctetKernels
import OctetKernels
import OctetTensor
import Testing

/// One line of a kernels.def.
struct ListedDotKernel: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let instructionSet: InstructionSet
  let rows: Int
  let channels: Int

  static let quantized: [ListedDotKernel] = {
    let list = octet_convolution_u8s8s32_kernels()
    return UnsafeBufferPointer(start: list.kernels, count: list.count).map { kernel in
      ListedDotKernel(
        testDescription: kernel.name.map { String(cString: $0) } ?? "a kernel without a name",
        instructionSet: InstructionSet.allCases.first { $0.code == kernel.isa } ?? .scalar,
        rows: kernel.rows, channels: kernel.channels)
    }
  }()
}

/// Every kernel with every number of rows, by the programs that it applies to sums in registers and by others.
///
/// A convolution of as many channels as a kernel's panel is that kernel's alone.
@Suite struct DotKernelTests {
  private static let channelsMissing = [0, 1, 13]

  private static func programs(_ channels: Int, _ random: inout TestRandom) -> [[PostOperation]] {
    let requantize = PostOperation.scaleShift(
      scale: random.floats(channels, in: -0.005...0.005), shift: random.floats(channels, in: -20...200))
    let add = PostOperation.addOperand(type: .u8, scale: 0.37, shift: -3.25)
    return [
      [requantize],
      [requantize, .roundClamp(low: 0, high: 255), add],
      [requantize, .roundClamp(low: -7, high: 90), .scaleShift(scale: [1.3], shift: [-9]), add],
      // Activations, of which the last overflows.
      [requantize, .unary(.geluErf), .scaleShift(scale: [2.5], shift: [9])],
      [requantize, .unary(.swish(beta: 0.5)), .scaleShift(scale: random.floats(channels, in: -2...2), shift: [7])],
      [requantize, .unary(.hardSwish), .scaleShift(scale: random.floats(channels, in: 0.5...2), shift: [-3])],
      [requantize, .unary(.exp), .scaleShift(scale: [1e20], shift: [0])],
      // About the largest scale with which no sum can leave the range of s32.
      [.scaleShift(scale: Array(repeating: 1050, count: channels), shift: Array(repeating: 3, count: channels))],
      // A scale with which a sum may leave the range of s32.
      [.scaleShift(scale: Array(repeating: 1e9, count: channels), shift: Array(repeating: 3, count: channels))],
    ]
  }

  @Test(arguments: ListedDotKernel.quantized)
  func outputsEqualTheDefinition(_ listed: ListedDotKernel) throws {
    _ = try listed.instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 40)
    for missing in Self.channelsMissing {
      let channels = listed.channels - missing
      // Longer ones have rows that wait from one tile to the next.
      for rows in Array(1...listed.rows + 1) + [17, 32, 33, 40] {
        let width = rows % 2 == 0 ? 1 : 3
        let test = ConvolutionCase(
          "\(rows) rows, \(channels) channels", 10, channels, image: [1, 1, rows], kernel: [1, 1, width],
          pads: [0, 0, width / 2], zeroPoint: 9, outputGap: rows % 3)
        let inputs = test.inputs(&random)
        let weights = test.weights(&random)
        for program in Self.programs(channels, &random) {
          for output in [.u8, Output.bounded(channels: channels)] {
            try expect(test, inputs, weights, program, output, listed, &random)
          }
        }
      }
    }
  }

  private func expect(
    _ test: ConvolutionCase, _ inputs: [UInt8], _ weights: [Int8], _ program: [PostOperation],
    _ output: Output, _ listed: ListedDotKernel, _ random: inout TestRandom
  ) throws {
    let channels = test.geometry.outputChannels
    let packed = weights.withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, inputChannels: test.geometry.inputChannels, outputChannels: channels,
        kernel: test.geometry.kernel, instructionSet: listed.instructionSet)
    }
    let operands = program.compactMap(\.operandType).map { _ in random.bytes(test.outputCount) }
    let convolution = QuantizedConvolution(
      geometry: test.geometry, weights: packed, inputZeroPoint: test.zeroPoint,
      inputPixelStride: test.inputPixelStride, outputPixelStride: test.outputPixelStride,
      operandPixelStrides: operands.map { _ in test.outputPixelStride },
      epilogue: Epilogue(channels: channels, operations: program, output: output.type, outputRanges: output.ranges))
    #expect("octet_" + convolution.kernelName == listed.testDescription)
    let found = try test.outputBytes(inputs, slack: 31, output, operands) {
      try convolution.run(input: $0, output: $1, operands: $2, team: testTeams[0])
    }
    let sums = test.exactSums(inputs, weights).map(Float.init)
    let expected = sums.indices.map { index in
      let at = index / channels * test.outputPixelStride + index % channels
      return output.stored(
        program.result(of: sums[index], channel: index % channels, operands: operands.map { Float($0[at]) }),
        channel: index % channels)
    }
    #expect(firstDifference(found, test.spread(expected)) == nil, "\(test.name), \(program), \(output)")
  }
}
