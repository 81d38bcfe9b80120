import OctetKernels
import OctetTensor
import Testing

@Suite struct QuantizedConvolutionTests {
  private func run(
    _ test: ConvolutionCase, _ inputs: [UInt8], _ weights: [Int8], _ instructionSet: InstructionSet,
    _ operations: [PostOperation], _ output: Output, team: WorkerTeam = testTeams[0], operands: [[UInt8]] = []
  ) throws -> [UInt8] {
    let packed = weights.withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, groups: test.geometry.groups, inputChannels: test.geometry.inputChannels,
        outputChannels: test.geometry.outputChannels, kernel: test.geometry.kernel, instructionSet: instructionSet)
    }
    let convolution = QuantizedConvolution(
      geometry: test.geometry, weights: packed, inputZeroPoint: test.zeroPoint,
      inputPixelStride: test.inputPixelStride, outputPixelStride: test.outputPixelStride,
      operandPixelStrides: operands.map { _ in test.outputPixelStride },
      epilogue: Epilogue(
        channels: test.geometry.outputChannels, operations: operations, output: output.type, outputRanges: output.ranges
      ))
    return try test.outputBytes(inputs, slack: 31, output, operands) {
      try convolution.run(input: $0, output: $1, operands: $2, team: team)
    }
  }

  @Test(arguments: InstructionSet.allCases, ConvolutionCase.corners)
  func sumsEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 1)
    let inputs = test.inputs(&random), weights = test.weights(&random)
    let found = try run(test, inputs, weights, instructionSet, [], .f32)
    let expected = test.spread(test.exactSums(inputs, weights).map(Float.init))
    #expect(firstDifference(found, expected) == nil)
  }

  @Test(arguments: InstructionSet.allCases, ConvolutionCase.corners)
  func residualBlockEqualsTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 2)
    let inputs = test.inputs(&random), weights = test.weights(&random)
    let channels = test.geometry.outputChannels
    let operations: [PostOperation] = [
      .scaleShift(scale: random.floats(channels, in: -0.01...0.01), shift: random.floats(channels, in: -20...20)),
      .roundClamp(low: -100, high: 90), .addOperand(type: .u8, scale: 0.37, shift: -3.25), .clamp(low: 0, high: 1e9),
    ]
    let residual = random.bytes(test.outputCount)
    let found = try testTeams.map {
      try run(test, inputs, weights, instructionSet, operations, .u8, team: $0, operands: [residual])
    }
    let sums = test.exactSums(inputs, weights).map(Float.init)
    let expected = sums.indices.map { index in
      let at = index / channels * test.outputPixelStride + index % channels
      return Output.u8.stored(
        operations.result(of: sums[index], channel: index % channels, operands: [Float(residual[at])]),
        channel: index % channels)
    }
    #expect(firstDifference(found[0], test.spread(expected)) == nil)
    #expect(found[0] == found[1], "one thread and two write different bytes")
  }

  /// Every channel has bounds of its own, whichever panel it is in, in the programs that kernels finish in registers.
  @Test(arguments: InstructionSet.allCases)
  func boundsBelongToTheirChannels(_ instructionSet: InstructionSet) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 5)
    for channels in [48, 150] {
      let test = ConvolutionCase("", 10, channels, image: [1, 3, 7], kernel: [1, 1, 1], zeroPoint: 9)
      let inputs = test.inputs(&random), weights = test.weights(&random), residual = random.bytes(test.outputCount)
      let requantize = PostOperation.scaleShift(
        scale: random.floats(channels, in: -0.1...0.1), shift: random.floats(channels, in: 0...200))
      let add = PostOperation.addOperand(type: .u8, scale: 0.37, shift: -3.25)
      let programs: [[PostOperation]] = [
        [requantize], [requantize, .roundClamp(low: -20, high: 200), add],
        [requantize, .unary(.swish(beta: 1)), .scaleShift(scale: random.floats(channels, in: 0.5...2), shift: [3])],
      ]
      for program in programs {
        let output = Output.bounded(channels: channels)
        let operands = program.compactMap(\.operandType).map { _ in residual }
        let sums = test.exactSums(inputs, weights).map(Float.init)
        let expected = sums.indices.map { index in
          output.stored(
            program.result(of: sums[index], channel: index % channels, operands: [Float(residual[index])]),
            channel: index % channels)
        }
        for team in testTeams {
          let found = try run(test, inputs, weights, instructionSet, program, output, team: team, operands: operands)
          #expect(firstDifference(found, test.spread(expected)) == nil, "\(channels) channels, \(program)")
        }
      }
    }
  }

  /// Sums of neighbouring products that s16 cannot hold, of either sign.
  @Test(arguments: InstructionSet.allCases, ConvolutionCase.corners)
  func extremesEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 9)
    let inputs: [UInt8] = test.inputs(&random).map { $0 % 4 == 0 ? 0 : 255 }
    let weights: [Int8] = test.weights(&random).map { $0 % 3 == 0 ? 127 : -128 }
    let found = try run(test, inputs, weights, instructionSet, [], .f32)
    #expect(firstDifference(found, test.spread(test.exactSums(inputs, weights).map(Float.init))) == nil)
  }

  @Test func weightsOfOneKernelServeManySizes() throws {
    var random = TestRandom(seed: 3)
    let small = ConvolutionCase("small", 6, 10, image: [1, 3, 3], kernel: [1, 3, 3], pads: [0, 1, 1])
    let large = ConvolutionCase("large", 6, 10, image: [1, 8, 11], kernel: [1, 3, 3], pads: [0, 1, 1], batch: 2)
    let weights = small.weights(&random)
    let packed = weights.withUnsafeBufferPointer {
      PackedConvolutionWeights(weights: $0, inputChannels: 6, outputChannels: 10, kernel: [1, 3, 3])
    }
    for test in [small, large] {
      let inputs = test.inputs(&random)
      let input = try GuardedMemory(inputs, slack: 31)
      let output = TestMemory<Float>(count: test.outputCount)
      let convolution = QuantizedConvolution(
        geometry: test.geometry, weights: packed,
        epilogue: Epilogue(channels: 10, operations: [], output: .f32))
      try output.with { try convolution.run(input: input.base, output: $0, team: testTeams[0]) }
      #expect(output.values == test.exactSums(inputs, weights).map(Float.init))
    }
  }

  @Test(arguments: [
    (InstructionSet.scalar, 64, "convolution_u8s8s32_4x16__scalar"),
    (.avx512vnni, 64, "convolution_u8s8s32_6x64__avx512vnni"),
    (.avx512vnni, 96, "convolution_u8s8s32_4x48__avx512vnni"),
    (.avx512vnni, 24, "convolution_u8s8s32_6x32__avx512vnni"),
    (.avx512vnni, 3, "convolution_u8s8s32_8x16__avx512vnni"),
  ])
  func kernelIsTheBestOfTheInstructionSet(_ instructionSet: InstructionSet, outputChannels: Int, kernel: String) {
    let weights = [Int8](repeating: 1, count: outputChannels)
    let packed = weights.withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, inputChannels: 1, outputChannels: outputChannels, instructionSet: instructionSet)
    }
    let convolution = QuantizedConvolution(
      geometry: ConvolutionGeometry(inputChannels: 1, outputChannels: outputChannels), weights: packed,
      epilogue: Epilogue(channels: outputChannels, operations: [], output: .f32))
    #expect(convolution.kernelName == kernel)
  }
}
