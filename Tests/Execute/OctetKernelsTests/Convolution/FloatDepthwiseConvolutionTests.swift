import OctetKernels
import OctetTensor
import Testing

@Suite struct FloatDepthwiseConvolutionTests {
  private func run(
    _ test: ConvolutionCase, _ inputs: [Float], _ weights: [Float], _ instructionSet: InstructionSet,
    _ operations: [PostOperation] = [], team: WorkerTeam = testTeams[0], operands: [[UInt8]] = []
  ) throws -> [UInt8] {
    let convolution = weights.withUnsafeBufferPointer {
      FloatDepthwiseConvolution(
        geometry: test.geometry, weights: $0, inputPixelStride: test.inputPixelStride,
        outputPixelStride: test.outputPixelStride, operandPixelStrides: operands.map { _ in test.outputPixelStride },
        epilogue: Epilogue(channels: test.geometry.outputChannels, operations: operations, output: .f32),
        instructionSet: instructionSet)
    }
    return try test.outputBytes(inputs, slack: 0, .f32, operands) {
      try convolution.run(input: $0, output: $1, operands: $2, team: team)
    }
  }

  /// Small integers, so that the sums are exact however they are added.
  @Test(arguments: InstructionSet.allCases, ConvolutionCase.depthwiseCorners)
  func exactSumsEqualTheDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 60)
    let inputs = test.inputs(&random), weights = test.weights(&random)
    let floats = inputs.map { Float($0) - Float(test.zeroPoint) }
    let found = try run(test, floats, weights.map(Float.init), instructionSet)
    #expect(firstDifference(found, test.spread(test.exactSums(inputs, weights).map(Float.init))) == nil)
  }

  @Test(arguments: InstructionSet.allCases, ConvolutionCase.depthwiseCorners)
  func programsEqualTheirDefinition(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 61)
    let channels = test.geometry.outputChannels
    let inputs = test.inputs(&random), weights = test.weights(&random)
    let floats = inputs.map { Float($0) - Float(test.zeroPoint) }
    let sums = test.exactSums(inputs, weights).map(Float.init)
    let scale = PostOperation.scaleShift(
      scale: random.floats(channels, in: -1...1), shift: random.floats(channels, in: -9...9))
    let add = PostOperation.addOperand(type: .f32, scale: 0.5, shift: 1)
    for program in [[scale, .clamp(low: 0, high: 6)], [scale, add], [add, .unary(.hardSwish)]] {
      let operands = program.compactMap(\.operandType).map { _ in random.floats(test.outputCount, in: -9...9) }
      let bytes = operands.map { operand in operand.withUnsafeBytes { Array($0) } }
      let found = try run(test, floats, weights.map(Float.init), instructionSet, program, operands: bytes)
      let expected = sums.indices.map { index in
        let at = index / channels * test.outputPixelStride + index % channels
        return program.result(of: sums[index], channel: index % channels, operands: operands.map { $0[at] })
      }
      #expect(firstDifference(found, test.spread(expected)) == nil, "\(program)")
    }
  }

  @Test(arguments: ConvolutionCase.depthwiseCorners)
  func teamsAndFusedInstructionSetsWriteTheSameBytes(_ test: ConvolutionCase) throws {
    guard InstructionSet.avx2.isSupportedHere else { try Test.cancel("this processor has no avx2") }
    var random = TestRandom(seed: 62)
    let inputs = random.floats(test.inputCount, in: -1...1), weights = random.floats(test.weightCount, in: -1...1)
    let expected = try run(test, inputs, weights, .avx2)
    #expect(firstDifference(try run(test, inputs, weights, .avx2, team: testTeams[1]), expected) == nil)
    for instructionSet in [InstructionSet.avxvnni, .avx512, .avx512vnni] where instructionSet.isSupportedHere {
      #expect(firstDifference(try run(test, inputs, weights, instructionSet), expected) == nil, "\(instructionSet)")
    }
  }
}
