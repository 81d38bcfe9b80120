import COctetKernels

/// Weights of 3×3 kernels for convolution by tiles; plans of many sizes share them.
///
/// Sendable because nothing is written after the initializer.
package final class WinogradWeights: @unchecked Sendable {
  let bytes: KernelMemory
  let kernel: UnsafePointer<octet_winograd_kernel>
  let format: octet_winograd_format
  let inputChannels: Int
  let outputChannels: Int
  /// Σ weights of each output channel.
  private let sums: [Int32]

  /// Packs s8 weights [outputChannels][inputChannels][3][3], of which WinogradConvolution.canCompute says that it can.
  /// Where they are not `transformed`, the kernel transforms them as it goes.
  package init(
    weights: UnsafeBufferPointer<Int8>, inputChannels: Int, outputChannels: Int, transformed: Bool = true,
    instructionSet: InstructionSet = CPU.current.best
  ) {
    guard let kernel = octet_winograd_u8s8s32_select(instructionSet.code) else {
      preconditionFailure("\(instructionSet) has no kernel for convolution by tiles")
    }
    let expected = outputChannels * inputChannels * 9
    precondition(weights.count == expected, "\(expected) weights were expected, not \(weights.count)")
    format = transformed ? kernel.pointee.format : OCTET_WINOGRAD_UNTRANSFORMED
    bytes = KernelMemory(byteCount: octet_winograd_weight_bytes(format, inputChannels, outputChannels))
    octet_winograd_pack(format, inputChannels, outputChannels, weights.baseAddress, bytes.elements(UInt8.self))
    self.kernel = kernel
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    sums = weightSums(weights, channels: outputChannels)
  }

  package var byteCount: Int { bytes.byteCount }

  /// What the sums of each output channel start from, so that the zero point of every tap is taken away, and zeros up
  /// to a whole unit of channels.
  func initialSums(zeroPoint: UInt8) -> [Int32] {
    let unit = Int(OCTET_CHANNEL_UNIT)
    let gap = (unit - outputChannels % unit) % unit
    return zeroPointCompensation(sums, zeroPoint) + Array(repeating: 0, count: gap)
  }
}
