import OctetKernels
import OctetTensor
import Testing

/// A program, and what the store makes of its result.
struct EpilogueCase: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var operations: [PostOperation]
  var output: Output

  init(_ name: String, _ operations: [PostOperation], _ output: Output = .f32) {
    testDescription = name
    self.operations = operations
    self.output = output
  }

  static let channels = 83

  private static func perChannel(_ seed: UInt64) -> [Float] {
    var random = TestRandom(seed: seed)
    return random.floats(channels, in: -3...3)
  }

  static let all: [EpilogueCase] = [
    EpilogueCase("nothing, to f32", []),
    EpilogueCase("nothing, to u8", [], .u8),
    EpilogueCase("nothing, to i8", [], .i8),
    EpilogueCase("nothing, to a part of u8", [], Output(type: .u8, ranges: [3...130])),
    EpilogueCase(
      "a part of u8 per channel", [.scaleShift(scale: [0.3], shift: perChannel(10))],
      Output(type: .u8, ranges: (0..<channels).map { Float($0)...Float(255 - $0) })),
    EpilogueCase(
      "a part of i8 per channel", [], Output(type: .i8, ranges: (0..<channels).map { Float($0 - 100)...Float($0) })),
    EpilogueCase("requantization", [.scaleShift(scale: perChannel(1), shift: perChannel(2))], .u8),
    EpilogueCase("one scale for all, a shift per channel", [.scaleShift(scale: [0.3], shift: perChannel(2))], .i8),
    EpilogueCase("one scale and shift for all", [.scaleShift(scale: [-1.7], shift: [0.5])]),
    EpilogueCase("clamp", [.clamp(low: -3.25, high: 100.5)]),
    EpilogueCase("relu", [.clamp(low: 0, high: .infinity)]),
    EpilogueCase("rounding clamp", [.roundClamp(low: -3, high: 100)]),
    EpilogueCase("widest rounding clamp", [.roundClamp(low: -4_194_304, high: 4_194_304)]),
    EpilogueCase("add u8", [.addOperand(type: .u8, scale: 0.3, shift: -7)], .u8),
    EpilogueCase("add i8", [.addOperand(type: .i8, scale: -0.7, shift: 1.5)]),
    EpilogueCase("add f32", [.addOperand(type: .f32, scale: 2, shift: 0.1)], .i8),
    EpilogueCase("multiply by u8", [.multiplyOperand(type: .u8, scale: 0.01, shift: 0.25)], .u8),
    EpilogueCase("multiply by f32", [.multiplyOperand(type: .f32, scale: 1, shift: 0)]),
    EpilogueCase("slope per channel", [.leakyRelu(slopes: perChannel(3))]),
    EpilogueCase("one slope", [.leakyRelu(slopes: [0.125])], .i8),
    EpilogueCase("hard swish", [.unary(.hardSwish)]),
    EpilogueCase("sigmoid", [.unary(.sigmoid)]),
    EpilogueCase("gelu", [.scaleShift(scale: [0.1], shift: [0]), .unary(.geluErf)], .u8),
    EpilogueCase("elu with a parameter", [.unary(.elu(alpha: 0.5))]),
    EpilogueCase(
      "residual block",
      [
        .scaleShift(scale: perChannel(4), shift: perChannel(5)), .roundClamp(low: -128, high: 127),
        .addOperand(type: .u8, scale: 0.7, shift: -11),
      ], .u8),
    EpilogueCase(
      "residual block with a scaled branch",
      [
        .scaleShift(scale: perChannel(8), shift: perChannel(9)), .roundClamp(low: 0, high: 255),
        .scaleShift(scale: [0.43], shift: [-7.5]), .addOperand(type: .i8, scale: 0.9, shift: 3),
      ], .u8),
    EpilogueCase(
      "eight operations on four operands",
      [
        .scaleShift(scale: perChannel(6), shift: perChannel(7)), .addOperand(type: .u8, scale: 0.7, shift: -11),
        .multiplyOperand(type: .i8, scale: 0.1, shift: 0.3), .unary(.swish(beta: 1)), .clamp(low: -50, high: 50),
        .addOperand(type: .f32, scale: 0.5, shift: 1), .multiplyOperand(type: .f32, scale: -2, shift: 0.2),
        .roundClamp(low: 0, high: 200),
      ], .u8),
  ]
}

@Suite struct EpilogueTests {
  private static let pixels = 3

  /// Sums that reach the store unchanged: a matrix product whose right side is the identity.
  private static let sums: [Float] = {
    var random = TestRandom(seed: 20)
    let ties = (0..<64).map { Float($0) - 32.5 }
    // Infinities and NaN would spread: 0 · infinity is NaN.
    let finite = awkwardFloats.filter { $0.isFinite && abs($0) < 1e30 }
    let random8 = random.floats(pixels * EpilogueCase.channels - ties.count - finite.count, in: -300...300)
    return (ties + finite + random8).shuffled(using: &random)
  }()

  private struct Operand {
    var bytes: [UInt8]
    var values: [Float]

    init(_ type: ElementType, count: Int, _ random: inout TestRandom) {
      switch type {
      case .u8:
        bytes = random.bytes(count)
        values = bytes.map(Float.init)
      case .i8:
        bytes = random.bytes(count)
        values = bytes.map { Float(Int8(bitPattern: $0)) }
      default:
        values = random.floats(count, in: -9...9)
        bytes = values.withUnsafeBytes { Array($0) }
      }
    }
  }

  @Test(arguments: InstructionSet.allCases, EpilogueCase.all)
  func programEqualsItsDefinition(_ instructionSet: InstructionSet, _ test: EpilogueCase) throws {
    _ = try instructionSet.cpuOrCancel()
    let channels = EpilogueCase.channels
    let epilogue = Epilogue(
      channels: channels, operations: test.operations, output: test.output.type, outputRanges: test.output.ranges)
    let identity = (0..<channels * channels).map { Float($0 / channels == $0 % channels ? 1 : 0) }
    let weights = identity.withUnsafeBufferPointer {
      PackedConvolutionWeights(
        weights: $0, inputChannels: channels, outputChannels: channels, instructionSet: instructionSet)
    }
    let convolution = FloatConvolution(
      geometry: .matrixProduct(rows: Self.pixels, inputChannels: channels, outputChannels: channels), weights: weights,
      epilogue: epilogue)
    var random = TestRandom(seed: 21)
    let operands = epilogue.operandTypes.map { Operand($0, count: Self.sums.count, &random) }
    let memory = try operands.map { try GuardedMemory($0.bytes, slack: 0) }
    let input = try GuardedMemory(Self.sums, slack: 0)
    let output = try GuardedMemory(count: Self.sums.count * test.output.bytes, slack: 0, filledWith: 0xA5)
    func pointer(_ index: Int) -> UnsafeRawPointer? {
      index < memory.count ? UnsafeRawPointer(memory[index].base) : nil
    }
    try convolution.run(
      input: input.base, output: output.base,
      operands: EpilogueOperands(pointer(0), pointer(1), pointer(2), pointer(3)), team: testTeams[1])

    let results = Self.sums.indices.map { index in
      test.operations.result(
        of: Self.sums[index], channel: index % channels, operands: operands.map { $0.values[index] })
    }
    if test.output.type == .f32 {
      #expect(output.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } == results)
    } else {
      let stored = results.enumerated().map { test.output.stored($1, channel: $0 % channels) }
      #expect(firstDifference(output.bytes, stored) == nil)
    }
    withExtendedLifetime(memory) {}
  }

  @Test(arguments: InstructionSet.allCases)
  func valuesThatAreNoNumbersAreStoredWithinTheRange(_ instructionSet: InstructionSet) throws {
    _ = try instructionSet.cpuOrCancel()
    let values: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30]
    let weights = [Float(1)].withUnsafeBufferPointer {
      PackedConvolutionWeights(weights: $0, inputChannels: 1, outputChannels: 1, instructionSet: instructionSet)
    }
    let convolution = FloatConvolution(
      geometry: .matrixProduct(rows: values.count, inputChannels: 1, outputChannels: 1), weights: weights,
      epilogue: Epilogue(channels: 1, operations: [], output: .u8, outputRanges: [5...250]))
    let output = TestMemory<UInt8>(count: values.count)
    try TestMemory(values).with { input in
      try output.with { try convolution.run(input: input, output: $0, team: testTeams[0]) }
    }
    #expect(output.values == [5, 250, 5, 250, 5])
  }
}
