package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Convolution: FusionBase {
  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    guard let constant = site.operands[1].constant,
      let setting = try ConvolutionSetting(self, constant, site, fusing: chain)
    else { return ReferencePrimitive(fused(chain, at: site), site) }
    switch (site.operands[0].elementType, constant.elementType) {
    case (.u8, .i8) where setting.weights.isDepthwise: return setting.depthwise()
    case (.u8, .i8): return setting.quantized()
    default: return setting.weights.isDepthwise ? setting.floatDepthwise() : setting.float()
    }
  }
}

/// Everything that the kernels of one convolution share.
private struct ConvolutionSetting {
  let constant: Tensor
  let weights: WeightShape
  let zeroPoints: KernelZeroPoints
  let geometry: ConvolutionGeometry
  let epilogue: PreparedEpilogue
  let x: TensorView
  let y: TensorView
  let site: LoweringSite
  /// Bytes from a pixel's first channel to the first that is summed.
  let inputOffset: Int

  /// Nil when no kernel takes these types, this chain or these extents.
  init?(
    _ convolution: Convolution, _ constant: Tensor, _ site: LoweringSite, fusing chain: [FusedOperation]
  ) throws(OperatorError) {
    let types = (site.operands[0].elementType, constant.elementType)
    guard types == (.u8, .i8) || types == (.f32, .f32) else { return nil }
    self.constant = constant
    self.site = site
    inputOffset = (convolution.channels?.lowerBound ?? 0) * types.0.bitWidth / 8
    weights = try WeightShape(site.operands[1], window: convolution.window, isGrouped: convolution.isGrouped)
    zeroPoints = KernelZeroPoints(convolution, constant, weights)
    guard let program = EpilogueProgram(chain, channelAxis: 1, initialShifts: zeroPoints.shifts),
      try site.shape(ofOperand: 0).elementCount > 0, try site.shape(ofResult: 0).elementCount > 0
    else { return nil }
    x = try site.operand(0, .channelsLast)
    y = try site.result(0, .channelsLast)
    epilogue = try PreparedEpilogue(
      program, site: site, baseOperandCount: 2, result: y, channels: weights.outputChannels)
    geometry = ConvolutionGeometry(convolution.window, x.shape, y.shape, weights)
  }

  func quantized() -> any Primitive {
    if let weights = winogradWeights {
      let kernel = WinogradConvolution(
        geometry: geometry, weights: weights, inputZeroPoint: zeroPoints.bytes[0], inputPixelStride: x.pixelStride,
        outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue)
      return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
    }
    let kernel = QuantizedConvolution(
      geometry: geometry, weights: packedWeights, inputZeroPoint: zeroPoints.bytes[0], inputPixelStride: x.pixelStride,
      outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue)
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  func depthwise() -> any Primitive {
    let kernel = constant.withElements(as: Int8.self) { elements in
      DepthwiseConvolution(
        geometry: geometry, weights: elements, inputZeroPoints: zeroPoints.bytes, inputPixelStride: x.pixelStride,
        outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue,
        instructionSet: site.cpu.best)
    }
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  func floatDepthwise() -> any Primitive {
    let kernel = constant.withElements(as: Float.self) { elements in
      FloatDepthwiseConvolution(
        geometry: geometry, weights: elements, inputPixelStride: x.pixelStride, outputPixelStride: y.pixelStride,
        operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue, instructionSet: site.cpu.best)
    }
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  func float() -> any Primitive {
    let kernel = FloatConvolution(
      geometry: geometry, weights: packedWeights, inputPixelStride: x.pixelStride, outputPixelStride: y.pixelStride,
      operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue)
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  /// Nil where a direct convolution is faster, or has to be for the sake of exactness.
  private var winogradWeights: WinogradWeights? {
    let isa = site.cpu.best
    guard WinogradConvolution.isFaster(for: geometry, isa),
      constant.withElements(as: Int8.self, { WinogradConvolution.canCompute(geometry, $0, isa) })
    else { return nil }
    let transformed = WinogradConvolution.transformsWeights(for: geometry, isa)
    let packing = "winograd \(isa)\(transformed ? "" : " untransformed")"
    return site.weights.packed(constant, packing, byteCount: \.byteCount) {
      constant.withElements(as: Int8.self) {
        WinogradWeights(
          weights: $0, inputChannels: geometry.inputChannels, outputChannels: geometry.outputChannels,
          transformed: transformed, instructionSet: isa)
      }
    }
  }

  private var packedWeights: PackedConvolutionWeights {
    let packing =
      "convolution \(weights.groups)×\(weights.outputsPerGroup)×\(weights.inputsPerGroup) \(site.cpu.best)"
    return site.weights.packed(constant, packing, byteCount: \.byteCount) {
      .packing(constant, for: geometry, site.cpu.best)
    }
  }
}

extension ConvolutionGeometry {
  /// Kernels always see depth × height × width.
  init(_ window: SpatialWindow, _ x: Shape, _ y: Shape, _ weights: WeightShape) {
    func triple(_ values: [Int], _ filler: Int) -> [Int] { [Int](repeating: filler, count: 3 - values.count) + values }
    let input = Array(x.extents[2...])
    let pads = input.indices.map { window.pads(axis: $0, input: input[$0], kernel: weights.kernel[$0]).begin }
    self.init(
      batch: x[0], inputExtents: triple(input, 1), kernel: triple(weights.kernel, 1),
      strides: triple(window.strides, 1), dilations: triple(window.dilations, 1), padsBegin: triple(pads, 0),
      outputExtents: triple(Array(y.extents[2...]), 1), groups: weights.groups, inputChannels: weights.inputChannels,
      outputChannels: weights.outputChannels)
  }
}
