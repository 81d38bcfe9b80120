import OctetKernels
import OctetTensor
import Testing

@Suite struct TransposedPhaseTests {
  /// A transposed convolution small enough to compute by its definition.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var geometry: ConvolutionGeometry

    init(
      _ name: String, _ inputs: Int, _ outputs: Int, image: [Int], kernel: [Int], strides: [Int],
      dilations: [Int] = [1, 1, 1], pads: [Int] = [0, 0, 0], more: [Int] = [0, 0, 0], groups: Int = 1, batch: Int = 1
    ) {
      testDescription = name
      let extents = (0..<3).map { (axis: Int) -> Int in
        let reach = (image[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        return reach - 2 * pads[axis] + more[axis]
      }
      geometry = ConvolutionGeometry(
        batch: batch, inputExtents: image, kernel: kernel, strides: strides, dilations: dilations, padsBegin: pads,
        outputExtents: extents, groups: groups, inputChannels: inputs, outputChannels: outputs)
    }

    static let all: [Case] = [
      Case("no overlap", 5, 9, image: [1, 3, 4], kernel: [1, 2, 2], strides: [1, 2, 2]),
      Case(
        "overlap, more outputs", 15, 33, image: [1, 4, 5], kernel: [1, 3, 3], strides: [1, 2, 2], pads: [0, 1, 1],
        more: [0, 1, 1], batch: 2),
      Case("gaps that no tap reaches", 4, 7, image: [1, 3, 3], kernel: [1, 2, 1], strides: [1, 3, 4]),
      Case(
        "dilation and stride share a factor", 6, 17, image: [1, 3, 6], kernel: [1, 3, 3], strides: [1, 4, 2],
        dilations: [1, 2, 4]),
      Case("stride 1", 8, 8, image: [1, 5, 5], kernel: [1, 3, 3], strides: [1, 1, 1], pads: [0, 1, 1]),
      Case(
        "3 dimensions", 3, 5, image: [2, 3, 3], kernel: [3, 2, 4], strides: [2, 1, 3], pads: [1, 0, 1],
        more: [1, 0, 0]),
      Case("groups", 12, 8, image: [1, 3, 5], kernel: [1, 4, 4], strides: [1, 2, 2], pads: [0, 1, 1], groups: 4),
      Case(
        "depthwise", 70, 70, image: [1, 4, 6], kernel: [1, 4, 4], strides: [1, 2, 2], pads: [0, 1, 1], groups: 70,
        batch: 2),
    ]

    var inputCount: Int { geometry.batch * geometry.inputExtents.reduce(1, *) * geometry.inputChannels }
    var outputPixels: Int { geometry.batch * geometry.outputExtents.reduce(1, *) }
    var weightCount: Int { geometry.inputChannels * geometry.outputChannels / geometry.groups * geometry.taps }
    var isDepthwise: Bool { geometry.groups == geometry.inputChannels && geometry.groups == geometry.outputChannels }

    /// y[p·stride + t·dilation − pad] += multiply(x[p], w[t]): every input pixel and tap once.
    func sums(_ multiply: (_ input: Int, _ weight: Int) -> Int32) -> [Int32] {
      let g = geometry
      let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
      var sums = [Int32](repeating: 0, count: outputPixels * g.outputChannels)
      for pixel in 0..<inputCount / g.inputChannels {
        for tap in 0..<g.taps {
          guard let to = output(of: pixel, tap) else { continue }
          for channel in 0..<g.inputChannels {
            for output in 0..<outputs {
              sums[to * g.outputChannels + channel / inputs * outputs + output] +=
                multiply(pixel * g.inputChannels + channel, (channel * outputs + output) * g.taps + tap)
            }
          }
        }
      }
      return sums
    }

    /// The output pixel that an input pixel adds to through a tap; nil when it is cut off.
    private func output(of pixel: Int, _ tap: Int) -> Int? {
      let g = geometry
      var (image, rest, place) = (pixel, tap, [0, 0, 0])
      for axis in [2, 1, 0] {
        let (input, step) = (image % g.inputExtents[axis], rest % g.kernel[axis])
        place[axis] = input * g.strides[axis] + step * g.dilations[axis] - g.padsBegin[axis]
        guard (0..<g.outputExtents[axis]).contains(place[axis]) else { return nil }
        image /= g.inputExtents[axis]
        rest /= g.kernel[axis]
      }
      return place.enumerated().reduce(image) { $0 * g.outputExtents[$1.offset] + $1.element }
    }
  }

  private static let zeroPoint: UInt8 = 77
  private static let operations: [PostOperation] = [
    .scaleShift(scale: [0.01], shift: [12.5]), .addOperand(type: .u8, scale: 0.37, shift: -3.25),
  ]

  /// Runs all phases into pixels with a gap of 3 between them.
  private func run(
    _ test: Case, _ inputs: [UInt8], _ weights: [Int8], residual: [UInt8], _ instructionSet: InstructionSet,
    team: WorkerTeam
  ) throws -> [UInt8] {
    let (g, gap) = (test.geometry, 3)
    let output = try GuardedMemory(
      count: test.outputPixels * (g.outputChannels + gap) - gap, slack: 0, filledWith: 0xA5)
    let memory = try [GuardedMemory(inputs, slack: 63), GuardedMemory(residual, slack: 0)]
    let epilogue = Epilogue(channels: g.outputChannels, operations: Self.operations, output: .u8)
    for phase in TransposedPhase.all(of: g) {
      try weights.withUnsafeBufferPointer { phase.weights($0) }.withUnsafeBufferPointer { own in
        let operands = EpilogueOperands(UnsafeRawPointer(memory[1].base))
        if test.isDepthwise {
          try DepthwiseConvolution(
            geometry: phase.geometry, weights: own, inputZeroPoints: [Self.zeroPoint],
            outputPixelStride: g.outputChannels + gap, placement: phase.placement, epilogue: epilogue,
            instructionSet: instructionSet
          ).run(input: memory[0].base, output: output.base, operands: operands, team: team)
        } else {
          try QuantizedConvolution(
            geometry: phase.geometry,
            weights: PackedConvolutionWeights(
              weights: own, groups: g.groups, inputChannels: g.inputChannels, outputChannels: g.outputChannels,
              kernel: phase.geometry.kernel, instructionSet: instructionSet),
            inputZeroPoint: Self.zeroPoint, outputPixelStride: g.outputChannels + gap, placement: phase.placement,
            epilogue: epilogue
          ).run(input: memory[0].base, output: output.base, operands: operands, team: team)
        }
      }
    }
    return withExtendedLifetime(memory) { output.bytes }
  }

  @Test(arguments: InstructionSet.allCases, Case.all)
  func phasesTogetherEqualTheDefinition(_ instructionSet: InstructionSet, _ test: Case) throws {
    _ = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 40)
    let inputs = random.bytes(test.inputCount), channels = test.geometry.outputChannels
    let weights = random.bytes(test.weightCount).map(Int8.init(bitPattern:))
    let residual = random.bytes(test.outputPixels * channels)
    let found = try testTeams.map {
      try run(test, inputs, weights, residual: residual, instructionSet, team: $0)
    }
    let sums = test.sums { (Int32(inputs[$0]) - Int32(Self.zeroPoint)) * Int32(weights[$1]) }
    let values = sums.enumerated().map { index, sum in
      Output.u8.stored(
        Self.operations.result(of: Float(sum), channel: index % channels, operands: [Float(residual[index])]),
        channel: index % channels)
    }
    let expected = (0..<test.outputPixels).map { values[$0 * channels..<($0 + 1) * channels] }
    #expect(firstDifference(found[0], Array(expected.joined(separator: [0xA5, 0xA5, 0xA5]))) == nil)
    #expect(found[0] == found[1], "one thread and two write different bytes")
  }
}
