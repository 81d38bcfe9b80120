import COctetKernels
package import OctetTensor

/// Convolution weights in the order in which one instruction set's kernels read them; plans of many sizes share them.
///
/// Sendable because nothing is written after the initializer.
package final class PackedConvolutionWeights: @unchecked Sendable {
  package let elementType: ElementType
  package let instructionSet: InstructionSet
  let packing: WeightPacking
  /// Σ weights of each output channel; empty for f32.
  private let sums: [Int32]
  /// WeightPacking.pairProducts; empty for f32.
  private let pairProducts: [Int32]

  /// Packs s8 weights [groups][outputChannels / groups][inputChannels / groups][depth][height][width].
  package convenience init(
    weights: UnsafeBufferPointer<Int8>, groups: Int = 1, inputChannels: Int, outputChannels: Int,
    kernel: [Int] = [1, 1, 1], instructionSet: InstructionSet = CPU.current.best
  ) {
    let geometry = ConvolutionGeometry(
      kernel: kernel, groups: groups, inputChannels: inputChannels, outputChannels: outputChannels)
    self.init(
      WeightPacking(UnsafeRawBufferPointer(weights), geometry, octet_convolution_u8s8s32_kernels(), instructionSet),
      elementType: .i8, weights.count, geometry, sums: weightSums(weights, channels: outputChannels), instructionSet)
  }

  /// Packs f32 weights [groups][outputChannels / groups][inputChannels / groups][depth][height][width].
  package convenience init(
    weights: UnsafeBufferPointer<Float>, groups: Int = 1, inputChannels: Int, outputChannels: Int,
    kernel: [Int] = [1, 1, 1], instructionSet: InstructionSet = CPU.current.best
  ) {
    let geometry = ConvolutionGeometry(
      kernel: kernel, groups: groups, inputChannels: inputChannels, outputChannels: outputChannels)
    self.init(
      WeightPacking(UnsafeRawBufferPointer(weights), geometry, octet_convolution_f32_kernels(), instructionSet),
      elementType: .f32, weights.count, geometry, sums: [], instructionSet)
  }

  private init(
    _ packing: @autoclosure () -> WeightPacking, elementType: ElementType, _ count: Int,
    _ geometry: ConvolutionGeometry,
    sums: @autoclosure () -> [Int32], _ instructionSet: InstructionSet
  ) {
    let expected = geometry.outputChannels * (geometry.inputChannels / geometry.groups) * geometry.taps
    precondition(count == expected, "\(expected) weights were expected, not \(count)")
    self.packing = packing()
    pairProducts = elementType == .i8 ? self.packing.pairProducts() : []
    self.elementType = elementType
    self.instructionSet = instructionSet
    self.sums = sums()
  }

  package var byteCount: Int { packing.bytes.byteCount }

  /// Bytes of the input elements that these weights multiply: u8 or f32.
  var inputElementBytes: Int { elementType == .f32 ? 4 : 1 }

  /// What the sums of each channel of the layout start from, so that the zero point of every tap is taken away, and
  /// what kernels add.
  func initialSums(zeroPoint: UInt8) -> [Int32] {
    zip(packing.padded(zeroPointCompensation(sums, zeroPoint)), pairProducts).map { $0 &- $1 }
  }

  /// Whether they were packed for this kernel, these groups and these channels.
  func fit(_ geometry: ConvolutionGeometry) -> Bool {
    let code = geometry.code
    let layout = packing.layout
    return layout.groups == code.groups && layout.group_inputs == code.group_inputs
      && layout.group_outputs == code.group_outputs && layout.kernel == code.kernel
  }

  /// The name of the kernel of the widest panel, such as convolution_u8s8s32_6x64__avx512vnni.
  var kernelName: String { packing.panelPointer[0].kernel.map { kernelDisplayName($0.pointee.name) } ?? "" }
}

/// Σ weights of each output channel.
func weightSums(_ weights: UnsafeBufferPointer<Int8>, channels: Int) -> [Int32] {
  [Int32](unsafeUninitializedCapacity: channels) { sums, count in
    octet_weights_sum_s8(weights.baseAddress, channels, weights.count / channels, sums.baseAddress)
    count = channels
  }
}

/// What sums start from, so that the zero point of every tap, those in the padding too, is taken away.
func zeroPointCompensation(_ weightSums: [Int32], _ zeroPoint: UInt8) -> [Int32] {
  weightSums.map { 0 &- $0 &* Int32(zeroPoint) }
}

/// A kernel's C name without the library's prefix.
func kernelDisplayName(_ name: UnsafePointer<CChar>) -> String {
  let prefix = "octet_"
  let full = String(cString: name)
  return full.hasPrefix(prefix) ? String(full.dropFirst(prefix.count)) : full
}
