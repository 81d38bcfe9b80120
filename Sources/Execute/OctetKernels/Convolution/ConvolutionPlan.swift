import COctetKernels
import OctetTensor

/// A convolution of one size: the C plan, and the memory it points to.
///
/// Sendable because nothing is written after the initializer.
final class ConvolutionPlan: @unchecked Sendable {
  private let weights: PackedConvolutionWeights
  private let epilogue: Epilogue
  private let plan: KernelMemory
  private let initial: KernelMemory
  private let padding: KernelMemory
  private let runOffsets: KernelMemory

  /// Pixel strides count elements from one pixel to the next. `initial` is what the sums of a channel start from.
  init<Sum: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    geometry: ConvolutionGeometry, weights: PackedConvolutionWeights, initial: [Sum], paddingByte: UInt8,
    inputPixelStride: Int, outputPixelStride: Int, operandPixelStrides: [Int], epilogue: Epilogue
  ) {
    Self.check(geometry, weights, epilogue, inputPixelStride, outputPixelStride, operandPixelStrides)
    let layout = weights.layout
    let elementBytes = weights.elementType == .f32 ? 4 : 1
    self.weights = weights
    self.epilogue = epilogue
    self.initial = KernelMemory(Self.padded(initial, layout))
    // Kernels read up to three bytes past a run.
    padding = KernelMemory(Array(repeating: paddingByte, count: layout.run_elements * elementBytes + 3))
    runOffsets = KernelMemory(byteCount: layout.runs * MemoryLayout<Int>.stride)
    plan = KernelMemory(byteCount: MemoryLayout<octet_convolution_plan>.stride)

    let code = plan.elements(octet_convolution_plan.self)
    code.pointee.geometry = geometry.code
    code.pointee.layout = layout
    code.pointee.panels = UnsafePointer(weights.panels.elements(octet_convolution_panel.self))
    code.pointee.weights = UnsafePointer(weights.bytes.elements(UInt8.self))
    code.pointee.initial = UnsafeRawPointer(self.initial.base)
    code.pointee.element_bytes = elementBytes
    code.pointee.padding = UnsafePointer(padding.elements(UInt8.self))
    code.pointee.input_pixel_stride = inputPixelStride * elementBytes
    code.pointee.strides = octet_epilogue_strides(
      output: outputPixelStride, operands: operandPixelStrides, epilogue: epilogue)
    code.pointee.epilogue = epilogue.program
    code.pointee.finish = octet_epilogue_select(weights.instructionSet.code).pointee.function
    octet_convolution_prepare(code, runOffsets.elements(Int.self))
  }

  var kernelName: String { weights.kernelName }

  func run(input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands, team: WorkerTeam) {
    var buffers = octet_epilogue_buffers(output: output, operands: operands)
    octet_convolution_run(
      plan.elements(octet_convolution_plan.self), input.assumingMemoryBound(to: UInt8.self), &buffers, team.handle)
  }

  private static func check(
    _ geometry: ConvolutionGeometry, _ weights: PackedConvolutionWeights, _ epilogue: Epilogue,
    _ inputPixelStride: Int, _ outputPixelStride: Int, _ operandPixelStrides: [Int]
  ) {
    let code = geometry.code
    let layout = weights.layout
    precondition(
      layout.groups == code.groups && layout.group_inputs == code.group_inputs
        && layout.group_outputs == code.group_outputs && layout.kernel == code.kernel,
      "the weights were packed for another convolution")
    precondition(epilogue.channels == geometry.outputChannels, "the epilogue is of another number of channels")
    precondition(inputPixelStride >= geometry.inputChannels, "input pixels overlap")
    precondition(
      ([outputPixelStride] + operandPixelStrides).allSatisfy { $0 >= geometry.outputChannels },
      "output or operand pixels overlap")
    precondition(operandPixelStrides.count == epilogue.operandTypes.count, "each operand has a pixel stride")
  }

  /// One value per output channel, each group's followed by zeros up to a whole unit of channels.
  private static func padded<Sum: ExpressibleByIntegerLiteral>(_ initial: [Sum], _ layout: octet_weight_layout) -> [Sum]
  {
    let gap = [Sum](repeating: 0, count: layout.group_channels - layout.group_outputs)
    return (0..<layout.groups).flatMap { group in
      initial[group * layout.group_outputs..<(group + 1) * layout.group_outputs] + gap
    }
  }
}

extension octet_epilogue_strides {
  /// Strides in bytes from strides in elements.
  init(output: Int, operands: [Int], epilogue: Epilogue) {
    self.init()
    self.output = output * octet_element_bytes(epilogue.output.code)
    withUnsafeMutableBytes(of: &self.operands) { bytes in
      let slots = bytes.bindMemory(to: Int.self)
      for (index, stride) in operands.enumerated() {
        slots[index] = stride * octet_element_bytes(epilogue.operandTypes[index].code)
      }
    }
  }
}

extension octet_epilogue_buffers {
  init(output: UnsafeMutableRawPointer, operands: EpilogueOperands) {
    func bytes(_ index: Int) -> UnsafePointer<UInt8>? {
      operands.pointers[index]?.assumingMemoryBound(to: UInt8.self)
    }
    self.init(
      output: output.assumingMemoryBound(to: UInt8.self), operands: (bytes(0), bytes(1), bytes(2), bytes(3)))
  }
}
