import OctetKernels
import OctetTensor
import Testing

extension ConvolutionCase {
  private static func depthwise(
    _ name: String, _ channels: Int, image: [Int], kernel: [Int], strides: [Int] = [1, 1, 1],
    dilations: [Int] = [1, 1, 1], pads: [Int] = [0, 0, 0], batch: Int = 1, zeroPoint: UInt8 = 0, inputGap: Int = 0,
    outputGap: Int = 0, activation: UInt8? = nil, weight: Int8? = nil
  ) -> ConvolutionCase {
    ConvolutionCase(
      name, channels, channels, image: image, kernel: kernel, strides: strides, dilations: dilations, pads: pads,
      groups: channels, batch: batch, zeroPoint: zeroPoint, inputGap: inputGap, outputGap: outputGap,
      activation: activation, weight: weight)
  }

  static let depthwiseCorners: [ConvolutionCase] = [
    depthwise("one channel, one pixel", 1, image: [1, 1, 1], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 9),
    depthwise("3 × 3, 24 channels", 24, image: [1, 5, 9], kernel: [1, 3, 3], pads: [0, 1, 1], zeroPoint: 128),
    depthwise(
      "3 × 3, stride 2, 150 channels", 150, image: [1, 6, 7], kernel: [1, 3, 3], strides: [1, 2, 2], pads: [0, 1, 1],
      zeroPoint: 1),
    depthwise(
      "5 × 5, batch 3, gaps", 40, image: [1, 4, 6], kernel: [1, 5, 5], pads: [0, 2, 2], batch: 3, zeroPoint: 77,
      inputGap: 5, outputGap: 3),
    depthwise("a line longer than one stretch", 3, image: [1, 2, 90], kernel: [1, 3, 3], pads: [0, 1, 1]),
    depthwise(
      "stride 4 over a long line", 17, image: [1, 1, 150], kernel: [1, 1, 4], strides: [1, 1, 4], zeroPoint: 3),
    depthwise(
      "kernel wider than the space for columns", 5, image: [1, 2, 100], kernel: [1, 2, 80], pads: [0, 0, 20],
      zeroPoint: 5),
    depthwise(
      "dilated", 33, image: [1, 9, 9], kernel: [1, 3, 3], dilations: [1, 2, 3], pads: [0, 2, 3], zeroPoint: 200),
    depthwise(
      "kernel larger than the image", 8, image: [1, 2, 2], kernel: [1, 7, 7], pads: [0, 3, 3], zeroPoint: 6),
    depthwise("3 spatial dimensions", 20, image: [3, 4, 5], kernel: [3, 3, 3], pads: [1, 1, 1], zeroPoint: 10),
    depthwise("1 × 1", 70, image: [1, 3, 3], kernel: [1, 1, 1], zeroPoint: 4),
    depthwise("cropping, negative padding", 4, image: [1, 7, 7], kernel: [1, 3, 3], pads: [0, -1, -1], zeroPoint: 5),
    depthwise("all 255 · 127", 64, image: [1, 5, 5], kernel: [1, 5, 5], activation: 255, weight: 127),
    depthwise("all 255 · -128", 64, image: [1, 5, 5], kernel: [1, 5, 5], activation: 255, weight: -128),
  ]
}

@Suite struct DepthwiseConvolutionTests {
  private func run(
    _ test: ConvolutionCase, _ inputs: [UInt8], _ weights: [Int8], _ instructionSet: InstructionSet,
    _ operations: [PostOperation], _ output: Output, team: WorkerTeam = testTeams[0], operands: [[UInt8]] = []
  ) throws -> [UInt8] {
    let convolution = weights.withUnsafeBufferPointer {
      DepthwiseConvolution(
        geometry: test.geometry, weights: $0, inputZeroPoints: [test.zeroPoint],
        inputPixelStride: test.inputPixelStride,
        outputPixelStride: test.outputPixelStride, operandPixelStrides: operands.map { _ in test.outputPixelStride },
        epilogue: Epilogue(
          channels: test.geometry.outputChannels, operations: operations, output: output.type,
          outputRanges: output.ranges), instructionSet: instructionSet)
    }
    return try test.outputBytes(inputs, slack: 63, output, operands) {
      try convolution.run(input: $0, output: $1, operands: $2, team: team)
    }
  }

  @Test(arguments: InstructionSet.allCases, ConvolutionCase.depthwiseCorners)
  func sumsEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 4)
    let inputs = test.inputs(&random), weights = test.weights(&random)
    let found = try run(test, inputs, weights, instructionSet, [], .f32)
    #expect(firstDifference(found, test.spread(test.exactSums(inputs, weights).map(Float.init))) == nil)
  }

  @Test(arguments: InstructionSet.allCases, ConvolutionCase.depthwiseCorners)
  func requantizedBytesEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 5)
    let inputs = test.inputs(&random), weights = test.weights(&random)
    let channels = test.geometry.outputChannels
    let operations: [PostOperation] = [
      .scaleShift(scale: random.floats(channels, in: -0.01...0.01), shift: random.floats(channels, in: -20...20))
    ]
    for output in [.i8, Output.bounded(channels: channels)] {
      let found = try testTeams.map { try run(test, inputs, weights, instructionSet, operations, output, team: $0) }
      let expected = test.exactSums(inputs, weights).enumerated().map { index, sum in
        output.stored(operations.result(of: Float(sum), channel: index % channels), channel: index % channels)
      }
      #expect(firstDifference(found[0], test.spread(expected)) == nil)
      #expect(found[0] == found[1], "one thread and two write different bytes")
    }
  }

  @Test(arguments: [
    (InstructionSet.scalar, "depthwise_u8s8s32_16__scalar"), (.avx2, "depthwise_u8s8s32_16__avx2"),
    (.avx512vnni, "depthwise_u8s8s32_64__avx512vnni"),
  ])
  func kernelIsTheBestOfTheInstructionSet(_ instructionSet: InstructionSet, kernel: String) {
    let convolution = [Int8](repeating: 1, count: 4).withUnsafeBufferPointer {
      DepthwiseConvolution(
        geometry: ConvolutionGeometry(groups: 4, inputChannels: 4, outputChannels: 4), weights: $0,
        epilogue: Epilogue(channels: 4, operations: [], output: .f32), instructionSet: instructionSet)
    }
    #expect(convolution.kernelName == kernel)
  }
}
