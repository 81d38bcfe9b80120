import OctetKernels
import OctetTensor
import Testing

@Suite struct FloatConvolutionTests {
  private func run(
    _ test: ConvolutionCase, _ inputs: [Float], _ weights: [Float], _ instructionSet: InstructionSet,
    team: WorkerTeam = testTeams[0]
  ) throws -> [UInt8] {
    let packed = weights.withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, groups: test.geometry.groups, inputChannels: test.geometry.inputChannels,
        outputChannels: test.geometry.outputChannels, kernel: test.geometry.kernel, instructionSet: instructionSet)
    }
    let convolution = FloatConvolution(
      geometry: test.geometry, weights: packed, inputPixelStride: test.inputPixelStride,
      outputPixelStride: test.outputPixelStride,
      epilogue: Epilogue(channels: test.geometry.outputChannels, operations: [], output: .f32))
    return try test.outputBytes(inputs, slack: 15, .f32) {
      try convolution.run(input: $0, output: $1, operands: $2, team: team)
    }
  }

  private func values(_ test: ConvolutionCase, seed: UInt64) -> (inputs: [Float], weights: [Float]) {
    var random = TestRandom(seed: seed)
    return (random.floats(test.inputCount, in: -1...1), random.floats(test.weightCount, in: -1...1))
  }

  /// The elements of all pixels, without the gaps between them.
  private func elements(of bytes: [UInt8], _ test: ConvolutionCase) -> [Float] {
    let floats = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    return (0..<test.outputPixels).flatMap { pixel in
      floats[pixel * test.outputPixelStride..<pixel * test.outputPixelStride + test.geometry.outputChannels]
    }
  }

  @Test(arguments: InstructionSet.allCases, ConvolutionCase.corners)
  func isAsCloseToTheDefinitionAsRoundingAllows(_ instructionSet: InstructionSet, _ test: ConvolutionCase) throws {
    _ = try instructionSet.cpuOrCancel()
    let (inputs, weights) = values(test, seed: 6)
    let found = elements(of: try run(test, inputs, weights, instructionSet), test)
    let exact = test.sums { Double(inputs[$0]) * Double(weights[$1]) }
    let magnitudes = test.sums { abs(Double(inputs[$0]) * Double(weights[$1])) }
    // Each of n products and n sums is rounded by at most half a unit in the last place, 2^-24 of the value.
    let terms = Double(test.weightCount / test.geometry.outputChannels)
    let worst = found.indices.first { abs(Double(found[$0]) - exact[$0]) > 2 * terms * 0x1p-24 * magnitudes[$0] }
    #expect(worst == nil, "element \(worst ?? 0) is \(found[worst ?? 0]) instead of \(exact[worst ?? 0])")
  }

  @Test(arguments: ConvolutionCase.corners)
  func instructionSetsWithFusedProductsWriteTheSameBytes(_ test: ConvolutionCase) throws {
    guard InstructionSet.avx512.isSupportedHere else { try Test.cancel("this processor has no avx512") }
    let (inputs, weights) = values(test, seed: 7)
    let expected = try run(test, inputs, weights, .avx2)
    for instructionSet in [InstructionSet.avxvnni, .avx512, .avx512vnni] where instructionSet.isSupportedHere {
      #expect(firstDifference(try run(test, inputs, weights, instructionSet), expected) == nil, "\(instructionSet)")
    }
  }

  @Test(arguments: ConvolutionCase.corners)
  func threadsDoNotMatter(_ test: ConvolutionCase) throws {
    let (inputs, weights) = values(test, seed: 8)
    let found = try testTeams.map { try run(test, inputs, weights, CPU.current.best, team: $0) }
    #expect(found[0] == found[1])
  }
}
