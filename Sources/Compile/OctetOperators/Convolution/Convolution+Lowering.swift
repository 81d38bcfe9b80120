package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Convolution: FusionBase {
  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    guard site.operands[0].elementType == .u8, let constant = site.operands[1].constant, constant.elementType == .i8,
      let program = EpilogueProgram(chain, channelAxis: 1)
    else { return reference(site, chain) }
    let weights = try WeightShape(site.operands[1], window: window, isGrouped: isGrouped)
    let x = try site.operand(0, .channelsLast)
    let y = try site.result(0, .channelsLast)
    guard x.shape.elementCount > 0, y.shape.elementCount > 0 else { return reference(site, chain) }

    let epilogue = try PreparedEpilogue(
      program, site: site, baseOperandCount: 2, result: y, channels: weights.outputChannels)
    let geometry = geometry(x.shape, y.shape, weights)
    let packed = Self.packed(constant, weights, geometry, site)
    let kernel = QuantizedConvolution(
      geometry: geometry, weights: packed, inputZeroPoint: UInt8(activationZeroPoint),
      inputPixelStride: x.pixelStride, outputPixelStride: y.pixelStride,
      operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue)
    return QuantizedConvolutionPrimitive(kernel: kernel, epilogue: epilogue)
  }

  private func reference(_ site: LoweringSite, _ chain: [FusedOperation]) -> any Primitive {
    ReferencePrimitive(Fused(base: self, baseOperandCount: 2, chain: chain), site)
  }

  private func geometry(_ x: Shape, _ y: Shape, _ weights: WeightShape) -> ConvolutionGeometry {
    // Kernels always see depth × height × width.
    func triple(_ values: [Int], _ filler: Int) -> [Int] { [Int](repeating: filler, count: 3 - values.count) + values }
    let input = Array(x.extents[2...])
    let pads = input.indices.map { window.pads(axis: $0, input: input[$0], kernel: weights.kernel[$0]).begin }
    return ConvolutionGeometry(
      batch: x[0], inputExtents: triple(input, 1), kernel: triple(weights.kernel, 1),
      strides: triple(window.strides, 1), dilations: triple(window.dilations, 1), padsBegin: triple(pads, 0),
      outputExtents: triple(Array(y.extents[2...]), 1), groups: weights.groups, inputChannels: weights.inputChannels,
      outputChannels: weights.outputChannels)
  }

  private static func packed(
    _ constant: Tensor, _ weights: WeightShape, _ geometry: ConvolutionGeometry, _ site: LoweringSite
  ) -> PackedConvolutionWeights {
    let isa = site.cpu.best
    let packing = "convolution \(weights.groups)×\(weights.outputsPerGroup)×\(weights.inputsPerGroup) \(isa)"
    return site.weights.packed(constant, packing, byteCount: \.byteCount) {
      constant.withElements(as: Int8.self) { elements in
        PackedConvolutionWeights(
          weights: elements, groups: geometry.groups, inputChannels: geometry.inputChannels,
          outputChannels: geometry.outputChannels, kernel: geometry.kernel, instructionSet: isa)
      }
    }
  }
}

/// u8 activations, s8 weights: a convolution, or a matrix product in its clothes.
struct QuantizedConvolutionPrimitive: Primitive {
  let kernel: QuantizedConvolution
  let epilogue: PreparedEpilogue

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(input: step.operand(0), output: step.result(0), operands: epilogue.pointers(step), team: step.team)
  }
}
