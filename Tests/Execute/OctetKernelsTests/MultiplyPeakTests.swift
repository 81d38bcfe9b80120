import OctetKernels
import OctetTensor
import Testing

@Suite struct MultiplyPeakTests {
  /// Register lanes, twelve sums and, for u8, four products to a lane.
  @Test(arguments: InstructionSet.allCases.filter { $0.isSupportedHere && $0 != .scalar })
  func countsTheProductsOfItsRegisters(_ instructionSet: InstructionSet) throws {
    let lanes =
      switch instructionSet {
      case .scalar, .sse42: 4
      case .avx2, .avxvnni: 8
      case .avx512, .avx512vnni: 16
      }
    let quantized = try #require(MultiplyPeak(of: .u8, instructionSet: instructionSet))
    let float = try #require(MultiplyPeak(of: .f32, instructionSet: instructionSet))
    #expect(quantized.run(rounds: 3) == 3 * 12 * lanes * 4)
    #expect(float.run(rounds: 3) == 3 * 12 * lanes)
    #expect(quantized.instructions.contains("\(lanes * 32) bits"))
  }

  @Test func plainLoopsHaveNone() {
    #expect(MultiplyPeak(of: .u8, instructionSet: .scalar) == nil)
    #expect(MultiplyPeak(of: .f32, instructionSet: .scalar) == nil)
  }
}
