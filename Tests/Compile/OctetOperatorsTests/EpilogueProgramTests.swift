import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

/// A chain of operations on f32[1, 3, 2, 2], as a fused node holds it.
private struct Chain {
  static let type = TensorType(.f32, [1, 3, 2, 2] as PartialShape)
  static let shape: Shape = [1, 3, 2, 2]
  private(set) var operations: [FusedOperation] = []
  /// The further operands, in order.
  private(set) var operands: [Tensor] = []

  mutating func append(_ op: any Operator, _ further: Tensor..., chainOperand: Int = 0, isConstant: Bool = true) throws
  {
    let known = further.map { Operand(type: $0.type, constant: isConstant ? $0 : nil) }
    var own = known
    own.insert(Operand(type: operations.last?.type ?? Self.type), at: chainOperand)
    operations.append(
      FusedOperation(
        op: op, chainOperand: chainOperand, furtherOperands: known, type: try op.resultTypes(own)[0]))
    operands += further
  }

  var program: EpilogueProgram? { EpilogueProgram(operations, channelAxis: 1) }

  /// What the fused node means, for a base that returns its operand.
  func meaning(_ x: Tensor) throws -> [Double] {
    try Fused(base: Concat(axis: 0), baseOperandCount: 1, chain: operations).evaluate([x] + operands)[0].doubles
  }

  /// What the program's steps say, in f64.
  func computed(_ x: Tensor) throws -> [Double] {
    let program = try #require(program)
    return x.doubles.enumerated().map { index, value in
      program.steps.reduce(value) { value, step in
        apply(step, value, channel: index / 4 % 3, index)
      }
    }
  }

  private func apply(_ step: EpilogueProgram.Step, _ value: Double, channel: Int, _ index: Int) -> Double {
    func at(_ values: [Double]) -> Double { values.count == 1 ? values[0] : values[channel] }
    func operand(_ number: Int) -> Double { operands[number].doubles[index] }
    return switch step {
    case .scaleShift(let scales, let shifts): value * at(scales) + at(shifts)
    case .clamp(let low, let high): min(max(value, low), high)
    case .roundClamp(let low, let high): min(max(value, low), high).rounded(.toNearestOrEven)
    case .addOperand(let number, let scale, let shift): value + (operand(number) * scale + shift)
    case .multiplyOperand(let number, let scale, let shift): value * (operand(number) * scale + shift)
    case .leakyReLU(let slopes): value < 0 ? value * at(slopes) : value
    case .unary: .nan
    }
  }
}

@Suite struct EpilogueProgramTests {
  private let perChannel = Tensor.f32([1, -2, 0.5], [1, 3, 1, 1])

  @Test func neighbouringAffineStepsBecomeOne() throws {
    var chain = Chain()
    try chain.append(Multiply(), .f32(2))
    try chain.append(Add(), perChannel)
    try chain.append(Subtract(), .f32(1), chainOperand: 1)
    try chain.append(Divide(), .f32(4))
    #expect(chain.program?.steps == [.scaleShift(scales: [-0.5], shifts: [0, 0.75, 0.125])])
  }

  @Test func neighbouringClampsBecomeOne() throws {
    var chain = Chain()
    try chain.append(ReLU())
    try chain.append(Clamp(minimum: -1, maximum: 6))
    #expect(chain.program?.steps == [.clamp(low: 0, high: 6)])
    try chain.append(Clamp(minimum: 7, maximum: 8))
    #expect(chain.program?.steps == [.clamp(low: 7, high: 7)])
  }

  @Test func aClampTightensTheQuantizerBehindIt() throws {
    var chain = Chain()
    try chain.append(Clamp(minimum: 0, maximum: 6))
    try chain.append(Quantize(inputLow: [-1.28], inputHigh: [1.27], levels: 256))
    guard case .roundClamp(let low, let high)? = chain.program?.steps.last else {
      Issue.record("no rounding")
      return
    }
    #expect(abs(low - 128) < 1e-9)
    #expect(high == 255)
    #expect(chain.program?.steps.count == 2)
  }

  /// The store takes whole bounds only.
  @Test func aClampBetweenTwoStepsTightensToTheNearerOne() throws {
    var chain = Chain()
    try chain.append(Clamp(minimum: -0.3, maximum: 0.7))
    try chain.append(Quantize(inputLow: [-1], inputHigh: [1], levels: 256))
    #expect(chain.program?.steps.last == .roundClamp(low: 89, high: 217))
    let x = Tensor(.f32, Chain.shape, converting: (0..<12).map { Double($0) / 6 - 1 })
    #expect(try chain.computed(x) == chain.meaning(x))
  }

  @Test func aClampWhoseBoundsDifferPerChannelStays() throws {
    var chain = Chain()
    try chain.append(ReLU())
    try chain.append(Quantize(inputLow: [-1, -2, -3], inputHigh: [1, 1, 1], levels: 256))
    #expect(chain.program?.steps.count == 3)
    #expect(chain.program?.steps.first == .clamp(low: 0, high: .infinity))
  }

  @Test func aStoreTakesTheBoundsOfEachChannel() throws {
    var chain = Chain()
    try chain.append(Clamp(minimum: 0, maximum: 0.5))
    try chain.append(Quantize(inputLow: [-1, 0, -3], inputHigh: [1, 0.5, 1], levels: 256))
    var program = try #require(chain.program)
    #expect(program.removeStoringQuantizer() == [128...191, 0...255, 191...223])
    #expect(program.steps == [.scaleShift(scales: [127.5, 510, 63.75], shifts: [127.5, 0, 191.25])])
  }

  @Test func aStoreThatDoesNotFollowAClampHasOneRange() throws {
    var chain = Chain()
    try chain.append(Quantize(inputLow: [-1], inputHigh: [1], levels: 255))
    var program = try #require(chain.program)
    #expect(program.removeStoringQuantizer() == [0...254])
    #expect(program.removeStoringQuantizer() == [])
    #expect(program.steps.count == 1)
  }

  @Test func aScaleBehindAnAdditionGoesIntoBothSides() throws {
    var chain = Chain()
    try chain.append(Add(), Tensor(.f32, Chain.shape), isConstant: false)
    try chain.append(Add(), .f32(1))
    try chain.append(Multiply(), .f32(3))
    #expect(
      chain.program?.steps == [.scaleShift(scales: [3], shifts: [0]), .addOperand(0, scale: 3, shift: 3)])
  }

  @Test func integerOperandsBringTheirDequantization() throws {
    var chain = Chain()
    let residual = Dequantization(scale: 0.5, zeroPoint: 10)
    try chain.append(
      Add(.init(left: residual)), Tensor(.u8, Chain.shape), chainOperand: 1, isConstant: false)
    #expect(chain.program?.steps == [.addOperand(0, scale: 0.5, shift: -5)])
  }

  @Test func operandsThatMustBroadcastAreRefused() throws {
    var chain = Chain()
    try chain.append(Add(), Tensor(.f32, [1, 3, 1, 1]), isConstant: false)
    #expect(chain.program == nil)
  }

  @Test func constantsThatVaryOverTheImageAreNoAffineStep() throws {
    var chain = Chain()
    try chain.append(Multiply(), .f32([1, 2], [1, 1, 1, 2]))
    #expect(chain.program == nil)
  }

  @Test func divisionByZeroAndByTheChainAreRefused() throws {
    var byZero = Chain()
    try byZero.append(Divide(), .f32(0))
    #expect(byZero.program == nil)
    var byChain = Chain()
    try byChain.append(Divide(), .f32(2), chainOperand: 1)
    #expect(byChain.program == nil)
  }

  @Test func operatorsWithoutAStepAreRefused() throws {
    var chain = Chain()
    try chain.append(Maximum(), .f32(2))
    #expect(chain.program == nil)
  }

  @Test func moreOperandsThanAKernelHoldsAreRefused() throws {
    var chain = Chain()
    for _ in 0..<4 { try chain.append(Multiply(), Tensor(.f32, Chain.shape), isConstant: false) }
    #expect(chain.program?.operandCount == 4)
    try chain.append(Multiply(), Tensor(.f32, Chain.shape), isConstant: false)
    #expect(chain.program == nil)
  }

  @Test(arguments: 0..<60)
  func randomChainsComputeWhatTheyMean(_ seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var chain = Chain()
    for _ in 0..<Int.random(in: 1...6, using: &random) { try appendRandom(to: &chain, &random) }
    guard chain.program != nil else { return }
    let x = random.tensor(.f32, Chain.shape, in: -4...4)
    // Constants become f32 between the operators of the meaning, and not inside the program.
    #expect(largestDifference(try chain.computed(x), try chain.meaning(x)) < 1e-5)
  }

  private func appendRandom(to chain: inout Chain, _ random: inout SeededRandom) throws {
    let scalar = random.tensor(.f32, .scalar, in: 0.5...2)
    let channels = random.tensor(.f32, [1, 3, 1, 1], in: -2...2)
    let full = random.tensor(.f32, Chain.shape, in: -2...2)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: try chain.append(ReLU())
    case 1: try chain.append(Clamp(minimum: -1, maximum: 2))
    case 2: try chain.append(Add(), channels)
    case 3: try chain.append(Multiply(), channels)
    case 4: try chain.append(Subtract(), scalar, chainOperand: Int.random(in: 0...1, using: &random))
    case 5: try chain.append(Divide(), scalar)
    case 6: try chain.append(Add(), full, chainOperand: Int.random(in: 0...1, using: &random), isConstant: false)
    case 7: try chain.append(Subtract(), full, chainOperand: Int.random(in: 0...1, using: &random), isConstant: false)
    case 8: try chain.append(Multiply(), full, isConstant: false)
    default: try chain.append(PReLU(), random.tensor(.f32, [3], in: 0...1))
    }
  }
}
