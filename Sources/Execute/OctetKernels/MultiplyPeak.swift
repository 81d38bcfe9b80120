import COctetKernels
package import OctetTensor

/// What one core multiplies and adds with an instruction set when no operand comes from memory.
///
///     sum += input · weight, twelve registers of sums in turn
package struct MultiplyPeak {
  /// Such as "vpdpbusd, 512 bits".
  package let instructions: String
  private let kernel: octet_peak_kernel

  /// The peak of u8 · s8 products (`elementType` u8) or of f32 products; nil for plain loops, which have no instruction
  /// to be measured against.
  package init?(of elementType: ElementType, instructionSet: InstructionSet) {
    precondition(instructionSet.isSupportedHere, "this processor has no \(instructionSet)")
    guard let kernel = octet_peak_select(instructionSet.code, elementType.code) else { return nil }
    self.kernel = kernel.pointee
    instructions = String(cString: kernel.pointee.instructions)
  }

  /// Multiplies and adds `rounds` times, up to 2^24; gives how many products that were.
  package func run(rounds: Int) -> Int { kernel.function(rounds) }
}
