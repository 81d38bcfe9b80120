import OctetKernels
import OctetTensor
import Testing

/// Layers that end in f32: images small enough to get a border of their own, over panels of every width.
@Suite struct FloatEndTests {
  private static let widths = [1, 7, 8, 9, 16, 19, 40]

  /// Every part of what kernels finish themselves, alone and together.
  private static func programs(_ channels: Int, _ random: inout TestRandom) -> [[PostOperation]] {
    let scale = PostOperation.scaleShift(
      scale: random.floats(channels, in: -2...2), shift: random.floats(channels, in: -9...9))
    let add = PostOperation.addOperand(type: .f32, scale: 0.75, shift: -3.25)
    let relu = PostOperation.clamp(low: 0, high: .infinity)
    return [
      [], [scale], [.scaleShift(scale: [0.125], shift: [0])], [add], [relu], [scale, add, .clamp(low: -20, high: 6)],
      [.scaleShift(scale: [-1.5], shift: [0.5]), add], [scale, relu],
      [scale, .clamp(low: -.infinity, high: .infinity)],
    ]
  }

  private static func test(_ channels: Int) -> ConvolutionCase {
    ConvolutionCase(
      "\(channels) channels", 4, channels, image: [1, 5, 4], kernel: [1, 3, 5], pads: [0, 1, 2], zeroPoint: 9,
      outputGap: channels % 2)
  }

  /// The elements of all pixels, without the gaps between them.
  private func elements(of bytes: [UInt8], _ test: ConvolutionCase) -> [Float] {
    let values = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    return (0..<test.outputPixels).flatMap { pixel in
      values[pixel * test.outputPixelStride..<pixel * test.outputPixelStride + test.geometry.outputChannels]
    }
  }

  /// Runs a convolution with every program, and compares it with the programs applied to `sums`.
  private func expect(
    _ test: ConvolutionCase, _ sums: [Float], _ random: inout TestRandom,
    run: (Epilogue, [[UInt8]]) throws -> [UInt8]
  ) throws {
    let channels = test.geometry.outputChannels
    for program in Self.programs(channels, &random) {
      let operands = program.compactMap(\.operandType).map { _ in random.floats(test.outputCount, in: -9...9) }
      let bytes = operands.map { operand in operand.withUnsafeBytes { Array($0) } }
      let epilogue = Epilogue(channels: channels, operations: program, output: .f32)
      let found = elements(of: try run(epilogue, bytes), test)
      let expected = sums.indices.map { index in
        let at = index / channels * test.outputPixelStride + index % channels
        return program.result(of: sums[index], channel: index % channels, operands: operands.map { $0[at] })
      }
      #expect(found == expected, "\(test.name), \(program)")
    }
  }

  @Test(arguments: InstructionSet.allCases, widths)
  func integerSumsEndAsDefined(_ instructionSet: InstructionSet, _ channels: Int) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 50)
    let test = Self.test(channels)
    let inputs = test.inputs(&random)
    let weights = test.weights(&random)
    let packed = weights.withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, inputChannels: 4, outputChannels: channels, kernel: test.geometry.kernel,
        instructionSet: instructionSet)
    }
    try expect(test, test.exactSums(inputs, weights).map(Float.init), &random) { epilogue, operands in
      let convolution = QuantizedConvolution(
        geometry: test.geometry, weights: packed, inputZeroPoint: test.zeroPoint,
        inputPixelStride: test.inputPixelStride, outputPixelStride: test.outputPixelStride,
        operandPixelStrides: operands.map { _ in test.outputPixelStride }, epilogue: epilogue)
      return try test.outputBytes(inputs, slack: 31, .f32, operands) {
        try convolution.run(input: $0, output: $1, operands: $2, team: testTeams[1])
      }
    }
  }

  @Test(arguments: InstructionSet.allCases, widths)
  func floatSumsEndAsDefined(_ instructionSet: InstructionSet, _ channels: Int) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 51)
    let test = Self.test(channels)
    // Small integers, so that the sums are exact however they are added.
    let integers = (inputs: test.inputs(&random), weights: test.weights(&random))
    let inputs = integers.inputs.map { Float($0) - Float(test.zeroPoint) }
    let packed = integers.weights.map(Float.init).withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, inputChannels: 4, outputChannels: channels, kernel: test.geometry.kernel,
        instructionSet: instructionSet)
    }
    let sums = test.exactSums(integers.inputs, integers.weights).map(Float.init)
    try expect(test, sums, &random) { epilogue, operands in
      let convolution = FloatConvolution(
        geometry: test.geometry, weights: packed, inputPixelStride: test.inputPixelStride,
        outputPixelStride: test.outputPixelStride, operandPixelStrides: operands.map { _ in test.outputPixelStride },
        epilogue: epilogue)
      return try test.outputBytes(inputs, slack: 15, .f32, operands) {
        try convolution.run(input: $0, output: $1, operands: $2, team: testTeams[1])
      }
    }
  }
}
