import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

/// A prepared convolution, or a matrix product in its clothes, with what was fused into it.
struct ConvolutionPrimitive: Primitive {
  let kernel: any ConvolutionKernel
  let epilogue: PreparedEpilogue
  /// Bytes from a pixel's first channel to the first that is summed.
  var inputOffset = 0

  var kernelName: String { kernel.kernelName }
  var scratchByteCount: Int { kernel.scratchByteCount }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(
      input: step.operand(0) + inputOffset, output: step.result(0), operands: epilogue.pointers(step),
      scratch: step.scratch, team: step.team)
  }
}

extension PackedConvolutionWeights {
  /// Packs i8 or f32 weights [groups][outputs][inputs][kernel…] for the kernels of one instruction set.
  static func packing(
    _ weights: Tensor, for geometry: ConvolutionGeometry, _ instructionSet: InstructionSet
  ) -> PackedConvolutionWeights {
    if weights.elementType == .f32 {
      return weights.withElements(as: Float.self) {
        PackedConvolutionWeights(
          weights: $0, groups: geometry.groups, inputChannels: geometry.inputChannels,
          outputChannels: geometry.outputChannels, kernel: geometry.kernel, instructionSet: instructionSet)
      }
    }
    return weights.withElements(as: Int8.self) {
      PackedConvolutionWeights(
        weights: $0, groups: geometry.groups, inputChannels: geometry.inputChannels,
        outputChannels: geometry.outputChannels, kernel: geometry.kernel, instructionSet: instructionSet)
    }
  }
}
