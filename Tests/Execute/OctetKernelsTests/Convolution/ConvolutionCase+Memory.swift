import OctetKernels

extension ConvolutionCase {
  /// The sums of a quantized convolution by definition: padding is zero, whatever the zero point.
  func exactSums(_ inputs: [UInt8], _ weights: [Int8]) -> [Int32] {
    sums { (Int32(inputs[$0]) - Int32(zeroPoint)) * Int32(weights[$1]) }
  }

  private static var canary: UInt8 { 0xA5 }

  /// Runs `body` on guarded memory and gives what stands in the output's, the gaps between pixels included.
  /// `slack` is how far past the input the kernel may read; past an extra operand, 15 bytes.
  func outputBytes<Input: BitwiseCopyable>(
    _ inputs: [Input], slack: Int, _ output: Output, _ operands: [[UInt8]] = [],
    _ body: (UnsafeRawPointer, UnsafeMutableRawPointer, EpilogueOperands) throws -> Void
  ) throws -> [UInt8] {
    let input = try GuardedMemory(inputs, slack: slack)
    let result = try GuardedMemory(count: outputCount * output.bytes, slack: 0, filledWith: Self.canary)
    let extra = try operands.map { try GuardedMemory($0, slack: 15) }
    let pointers = extra.map { UnsafeRawPointer($0.base) }
    try body(input.base, result.base, EpilogueOperands(pointers.first, pointers.dropFirst().first))
    return withExtendedLifetime((input, extra)) { result.bytes }
  }

  /// The output memory as it should be: pixels of `values`, and canaries between them.
  func spread<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
    let channels = geometry.outputChannels
    let gap = [UInt8](repeating: Self.canary, count: outputGap * MemoryLayout<Value>.stride)
    let pixels = (0..<outputPixels).map { pixel in
      values[pixel * channels..<(pixel + 1) * channels].flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
    }
    return Array(pixels.joined(separator: gap))
  }
}

extension ConvolutionKernel {
  /// Runs with scratch memory of its own, behind whose end a page faults.
  func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands = EpilogueOperands(),
    team: WorkerTeam
  ) throws {
    let scratch = try GuardedMemory(count: scratchByteCount, slack: 0, filledWith: 0xEE)
    run(input: input, output: output, operands: operands, scratch: scratch.base, team: team)
    withExtendedLifetime(scratch) {}
  }
}
