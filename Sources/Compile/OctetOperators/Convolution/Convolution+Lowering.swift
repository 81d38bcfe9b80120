package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Convolution: FusionBase {
  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let weights = try WeightShape(site.operands[1], window: window, isGrouped: isGrouped)
    guard site.operands[0].elementType == .u8, let constant = site.operands[1].constant, constant.elementType == .i8
    else { return reference(site, chain) }
    let zeroPoints = KernelZeroPoints(self, constant, weights)
    guard let program = EpilogueProgram(chain, channelAxis: 1, initialShifts: zeroPoints.shifts) else {
      return reference(site, chain)
    }
    let x = try site.operand(0, .channelsLast)
    let y = try site.result(0, .channelsLast)
    guard x.shape.elementCount > 0, y.shape.elementCount > 0 else { return reference(site, chain) }

    let epilogue = try PreparedEpilogue(
      program, site: site, baseOperandCount: 2, result: y, channels: weights.outputChannels)
    let geometry = geometry(x.shape, y.shape, weights)
    if weights.isDepthwise {
      let kernel = constant.withElements(as: Int8.self) { elements in
        DepthwiseConvolution(
          geometry: geometry, weights: elements, inputZeroPoints: zeroPoints.bytes, inputPixelStride: x.pixelStride,
          outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue,
          instructionSet: site.cpu.best)
      }
      return DepthwiseConvolutionPrimitive(kernel: kernel, epilogue: epilogue)
    }
    let kernel = QuantizedConvolution(
      geometry: geometry, weights: Self.packed(constant, weights, geometry, site), inputZeroPoint: zeroPoints.bytes[0],
      inputPixelStride: x.pixelStride, outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides,
      epilogue: epilogue.epilogue)
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

/// u8 activations, s8 weights, one input and one output channel per group.
private struct DepthwiseConvolutionPrimitive: Primitive {
  let kernel: DepthwiseConvolution
  let epilogue: PreparedEpilogue

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(input: step.operand(0), output: step.result(0), operands: epilogue.pointers(step), team: step.team)
  }
}

/// Activation zero points as kernels take them: bytes, and what is left as a shift of each output channel.
///
///     Σ (x − z)·w = Σ (x − b)·w − Σ (z − b)·w
private struct KernelZeroPoints {
  /// One per channel for depthwise convolutions, otherwise one.
  let bytes: [UInt8]
  /// Empty when nothing is left.
  let shifts: [Double]

  init(_ convolution: Convolution, _ constant: Tensor, _ weights: WeightShape) {
    let zeroPoints = convolution.activationZeroPoints
    let nearest = zeroPoints.map { UInt8(min(max($0.rounded(), 0), 255)) }
    let kept = weights.isDepthwise || Set(nearest).count == 1 ? nearest : [0]
    let rest = zeroPoints.indices.map { zeroPoints[$0] - Double(kept[kept.count == 1 ? 0 : $0]) }
    bytes = kept
    shifts = rest.allSatisfy { $0 == 0 } ? [] : Self.shifts(rest, constant, weights)
  }

  private static func shifts(_ rest: [Double], _ constant: Tensor, _ weights: WeightShape) -> [Double] {
    let taps = weights.kernel.reduce(1, *)
    return constant.withElements(as: Int8.self) { elements in
      (0..<weights.outputChannels).map { output in
        (0..<weights.inputsPerGroup).reduce(0) { shift, input in
          let start = (output * weights.inputsPerGroup + input) * taps
          let sum = elements[start..<start + taps].reduce(0) { $0 + Int($1) }
          let channel = output / weights.outputsPerGroup * weights.inputsPerGroup + input
          return shift - rest[rest.count == 1 ? 0 : channel] * Double(sum)
        }
      }
    }
  }
}
