import COctetKernels
import OctetKernels
import OctetTensor
import Testing

@Suite struct WinogradConvolutionTests {
  /// Those of kernels.def.
  private static let instructionSets: [InstructionSet] = {
    var count = 0
    let kernels = UnsafeBufferPointer(start: octet_winograd_u8s8s32_kernels(&count), count: count)
    return kernels.compactMap { kernel in InstructionSet.allCases.first { $0.code == kernel.isa } }
  }()

  private static let corners: [ConvolutionCase] = [
    .init("one pixel of one channel", 1, 1, image: [1, 1, 1], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 3),
    .init("19 to 33 channels", 19, 33, image: [1, 5, 7], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 7),
    .init("a tile without padding", 16, 16, image: [1, 6, 6], kernel: [1, 3, 3]),
    .init("wider padding than the image", 6, 20, image: [1, 2, 3], kernel: [1, 3, 3], pads: [0, 5, 2], zeroPoint: 9),
    .init(
      "padding at one end", 8, 20, image: [1, 5, 9], kernel: [1, 3, 3], pads: [0, 0, 0], padsEnd: [0, 2, 1],
      zeroPoint: 50),
    .init(
      "cropping, negative padding", 4, 16, image: [1, 9, 12], kernel: [1, 3, 3], pads: [0, -1, -2],
      padsEnd: [0, -1, 0], zeroPoint: 5),
    .init(
      "gaps between pixels", 13, 40, image: [1, 6, 6], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 200,
      inputGap: 5, outputGap: 7),
    .init("batch 3", 5, 17, image: [1, 3, 6], kernel: [1, 3, 3], pads: [0, 1, 1], batch: 3, zeroPoint: 6),
    .init(
      "more tiles than a block has", 8, 16, image: [1, 29, 38], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 1),
    .init("as many channels as there may be", 512, 18, image: [1, 9, 9], kernel: [1, 3, 3], pads: [0, 1, 1]),
    .init(
      "all 255 · 127", 114, 18, image: [1, 5, 5], kernel: [1, 3, 3], pads: [0, 1, 1], activation: 255, weight: 127),
    .init(
      "all 255 · -128", 114, 18, image: [1, 5, 5], kernel: [1, 3, 3], pads: [0, 1, 1], activation: 255, weight: -128),
    .init(
      "padding 255, all -128", 114, 18, image: [1, 6, 5], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 255,
      activation: 0, weight: -128),
  ]

  private func canCompute(_ test: ConvolutionCase, _ weights: [Int8], _ instructionSet: InstructionSet) -> Bool {
    weights.withUnsafeBufferPointer { WinogradConvolution.canCompute(test.geometry, $0, instructionSet) }
  }

  /// Many channels with smaller weights, so that their sums are exact.
  private func weights(_ test: ConvolutionCase, _ random: inout TestRandom) -> [Int8] {
    test.weights(&random).map { test.geometry.inputChannels > 200 ? $0 / 4 : $0 }
  }

  /// Compares with sums by the definition that go through the program by its meaning, on one thread and on two.
  private func expect(
    _ test: ConvolutionCase, _ inputs: [UInt8], _ weights: [Int8], _ program: [PostOperation], _ output: Output,
    _ instructionSet: InstructionSet, _ random: inout TestRandom
  ) throws {
    let channels = test.geometry.outputChannels
    let operands = program.compactMap(\.operandType).map { _ in random.bytes(test.outputCount) }
    try #require(canCompute(test, weights, instructionSet))
    let results = test.exactSums(inputs, weights).map(Float.init).enumerated().map { index, sum in
      let at = index / channels * test.outputPixelStride + index % channels
      return program.result(of: sum, channel: index % channels, operands: operands.map { Float($0[at]) })
    }
    let expected =
      output.type == .f32
      ? test.spread(results)
      : test.spread(results.indices.map { output.stored(results[$0], channel: $0 % channels) })
    for transformed in [true, false] {
      let packed = weights.withUnsafeBufferPointer {
        WinogradWeights(
          weights: $0, inputChannels: test.geometry.inputChannels, outputChannels: channels, transformed: transformed,
          instructionSet: instructionSet)
      }
      let convolution = WinogradConvolution(
        geometry: test.geometry, weights: packed,
        inputZeroPoint: test.zeroPoint, inputPixelStride: test.inputPixelStride,
        outputPixelStride: test.outputPixelStride, operandPixelStrides: operands.map { _ in test.outputPixelStride },
        epilogue: Epilogue(channels: channels, operations: program, output: output.type, outputRanges: output.ranges))
      for team in testTeams {
        let found = try test.outputBytes(inputs, slack: 31, output, operands) {
          try convolution.run(input: $0, output: $1, operands: $2, team: team)
        }
        #expect(
          firstDifference(found, expected) == nil,
          "\(test.name), \(program), \(team.threads) threads, weights \(transformed ? "" : "un")transformed")
      }
    }
  }

  @Test(arguments: instructionSets, corners)
  func sumsEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 61)
    let inputs = test.inputs(&random), weights = weights(test, &random)
    try expect(test, inputs, weights, [], .f32, instructionSet, &random)
  }

  /// Activations 0 and 255, weights 127 and -128 in patterns that every row of the transforms meets with either sign.
  @Test(arguments: instructionSets, corners.filter { $0.activation == nil && $0.geometry.inputChannels < 100 })
  func extremesEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 62)
    let inputs: [UInt8] = test.inputs(&random).map { $0 % 2 == 0 ? 0 : 255 }
    let weights: [Int8] = test.weights(&random).map { $0 % 2 == 0 ? 127 : -128 }
    try expect(test, inputs, weights, [], .f32, instructionSet, &random)
  }

  @Test(arguments: instructionSets, corners)
  func programsEqualTheirMeaning(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 63)
    let inputs = test.inputs(&random), weights = weights(test, &random)
    let channels = test.geometry.outputChannels
    let requantize = PostOperation.scaleShift(
      scale: random.floats(channels, in: -0.005...0.005), shift: random.floats(channels, in: -20...200))
    let add = PostOperation.addOperand(type: .u8, scale: 0.37, shift: -3.25)
    let programs: [[PostOperation]] = [
      [requantize],
      [requantize, .roundClamp(low: 0, high: 255), add],
      [requantize, .roundClamp(low: -7, high: 90), .scaleShift(scale: [1.3], shift: [-9]), add],
      // Of no kind that kernels know.
      [requantize, .clamp(low: -9, high: 99), add, .clamp(low: 0, high: 1e9)],
    ]
    for program in programs {
      try expect(test, inputs, weights, program, .bounded(channels: channels), instructionSet, &random)
    }
    try expect(test, inputs, weights, [requantize, .clamp(low: 0, high: 6)], .f32, instructionSet, &random)
  }

  /// Sums of more than 2^25, of which 64 times is no s32.
  @Test func weightsOfLargerSumsAreRefused() {
    for (channels, isExact) in [(114, true), (115, false)] {
      let test = ConvolutionCase("", channels, 2, image: [1, 4, 4], kernel: [1, 3, 3])
      var weights = [Int8](repeating: -128, count: test.weightCount)
      #expect(canCompute(test, weights, Self.instructionSets[0]) == isExact)
      // Sums of either sign do not add up.
      for index in weights.indices where index % 2 == 0 { weights[index] = 127 }
      #expect(canCompute(test, weights, Self.instructionSets[0]))
    }
  }

  /// Many weights of few tiles come from memory more slowly than the kernel transforms them.
  @Test func manyWeightsForFewTilesAreNotTransformed() {
    for (channels, side, transformed) in [(512, 7, false), (512, 14, true), (128, 7, true)] {
      let test = ConvolutionCase(
        "", channels, channels, image: [1, side, side], kernel: [1, 3, 3], pads: [0, 1, 1])
      #expect(WinogradConvolution.transformsWeights(for: test.geometry, .avx512vnni) == transformed)
    }
  }

  @Test func plainLoopsConvolveDirectly() {
    let test = ConvolutionCase("", 32, 32, image: [1, 8, 8], kernel: [1, 3, 3], pads: [0, 1, 1])
    let weights = [Int8](repeating: 1, count: test.weightCount)
    #expect(!canCompute(test, weights, .scalar) && !WinogradConvolution.isFaster(for: test.geometry, .scalar))
    #expect(canCompute(test, weights, .avx2) && WinogradConvolution.isFaster(for: test.geometry, .avx2))
  }

  @Test(arguments: [
    ConvolutionCase("stride 2", 32, 32, image: [1, 9, 9], kernel: [1, 3, 3], strides: [1, 2, 1]),
    ConvolutionCase("dilation 2", 32, 32, image: [1, 9, 9], kernel: [1, 3, 3], dilations: [1, 1, 2]),
    ConvolutionCase("1 × 3", 32, 32, image: [1, 9, 9], kernel: [1, 1, 3]),
    ConvolutionCase("depth 2", 32, 32, image: [2, 9, 9], kernel: [1, 3, 3]),
    ConvolutionCase("groups", 32, 32, image: [1, 9, 9], kernel: [1, 3, 3], groups: 2),
    ConvolutionCase("too many channels", 513, 32, image: [1, 9, 9], kernel: [1, 3, 3]),
  ])
  func otherConvolutionsAreRefused(_ test: ConvolutionCase) {
    #expect(!canCompute(test, [Int8](repeating: 1, count: test.weightCount), .avx2))
    #expect(!WinogradConvolution.isFaster(for: test.geometry, .avx2))
  }
}
