package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Deconvolution: FusionBase {
  /// A convolution of stride 1 for each phase of the strides.
  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let operandCount = site.operands.count - chain.reduce(0) { $0 + $1.furtherOperands.count }
    let own = Array(site.operands.prefix(operandCount))
    let reference = ReferencePrimitive(Fused(base: self, baseOperandCount: operandCount, chain: chain), site)
    guard let constant = own[1].constant, let program = EpilogueProgram(chain, channelAxis: 1),
      case let zeroPoints = activationZeroPoints.compactMap(UInt8.init(exactly:)),
      zeroPoints.count == activationZeroPoints.count
    else { return reference }
    let types = (own[0].elementType, constant.elementType)
    let (source, result) = (try site.shape(ofOperand: 0), try site.shape(ofResult: 0))
    guard types == (.u8, .i8) || types == (.f32, .f32), source.elementCount > 0, result.elementCount > 0 else {
      return reference
    }
    let weights = try weightShape(own[1])
    guard weights.isDepthwise || zeroPoints.count == 1 else { return reference }
    let geometry = ConvolutionGeometry(try explicitWindow(source, own), source, result, weights)
    guard TransposedPhase.count(of: geometry) <= Self.maximumPhases else { return reference }

    let x = try site.operand(0, .channelsLast)
    let y = try site.result(0, .channelsLast)
    let epilogue = try PreparedEpilogue(
      program, site: site, baseOperandCount: operandCount, result: y, channels: weights.outputChannels)
    let setting = PhaseSetting(
      constant: constant, zeroPoints: zeroPoints, epilogue: epilogue, x: x, y: y, site: site,
      inputOffset: (channels?.lowerBound ?? 0) * types.0.bitWidth / 8)
    let phases = TransposedPhase.all(of: geometry)
    if types.0 == .f32 { return PhasedPrimitive(phases.map(setting.float)) }
    return PhasedPrimitive(phases.map(weights.isDepthwise ? setting.depthwise : setting.quantized))
  }

  /// Every phase forks and joins the worker team: with more of them the plan would outweigh the work.
  private static var maximumPhases: Int { 4096 }
}

/// Everything that the phases of one transposed convolution share.
private struct PhaseSetting {
  let constant: Tensor
  /// One, or for depthwise ones one per channel.
  let zeroPoints: [UInt8]
  let epilogue: PreparedEpilogue
  let x: TensorView
  let y: TensorView
  let site: LoweringSite
  /// Bytes from a pixel's first channel to the first that is summed.
  let inputOffset: Int

  func quantized(_ phase: TransposedPhase) -> any Primitive {
    let g = phase.geometry
    let weights = packed(phase) {
      constant.withElements(as: Int8.self) { phase.weights($0) }.withUnsafeBufferPointer {
        PackedConvolutionWeights(
          weights: $0, groups: g.groups, inputChannels: g.inputChannels, outputChannels: g.outputChannels,
          kernel: g.kernel, instructionSet: site.cpu.best)
      }
    }
    let kernel = QuantizedConvolution(
      geometry: g, weights: weights, inputZeroPoint: zeroPoints[0], inputPixelStride: x.pixelStride,
      outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides, placement: phase.placement,
      epilogue: epilogue.epilogue)
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  func float(_ phase: TransposedPhase) -> any Primitive {
    let g = phase.geometry
    let weights = packed(phase) {
      constant.withElements(as: Float.self) { phase.weights($0) }.withUnsafeBufferPointer {
        PackedConvolutionWeights(
          weights: $0, groups: g.groups, inputChannels: g.inputChannels, outputChannels: g.outputChannels,
          kernel: g.kernel, instructionSet: site.cpu.best)
      }
    }
    let kernel = FloatConvolution(
      geometry: g, weights: weights, inputPixelStride: x.pixelStride, outputPixelStride: y.pixelStride,
      operandPixelStrides: epilogue.pixelStrides, placement: phase.placement, epilogue: epilogue.epilogue)
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  func depthwise(_ phase: TransposedPhase) -> any Primitive {
    let weights: [Int8] = constant.withElements(as: Int8.self) { phase.weights($0) }
    let kernel = weights.withUnsafeBufferPointer { weights in
      DepthwiseConvolution(
        geometry: phase.geometry, weights: weights, inputZeroPoints: zeroPoints, inputPixelStride: x.pixelStride,
        outputPixelStride: y.pixelStride, operandPixelStrides: epilogue.pixelStrides, placement: phase.placement,
        epilogue: epilogue.epilogue, instructionSet: site.cpu.best)
    }
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: inputOffset)
  }

  private func packed(
    _ phase: TransposedPhase, _ pack: () -> PackedConvolutionWeights
  ) -> PackedConvolutionWeights {
    let g = phase.geometry
    let taps = phase.taps.map { $0.map(String.init) ?? "-" }.joined(separator: " ")
    let name = "deconvolution \(g.groups)×\(g.inputChannels)×\(g.outputChannels) \(g.kernel) \(taps)"
    return site.weights.packed(constant, "\(name) \(site.cpu.best)", byteCount: \.byteCount, make: pack)
  }
}

/// The phases of a transposed convolution, one after the other: each writes pixels of its own.
private struct PhasedPrimitive: Primitive {
  private let phases: [any Primitive]

  init(_ phases: [any Primitive]) { self.phases = phases }

  var kernelName: String { phases[0].kernelName }
  var scratchByteCount: Int { phases.lazy.map(\.scratchByteCount).max() ?? 0 }

  func execute(_ step: borrowing StepBuffers) throws(ModelError) {
    for phase in phases { try phase.execute(step) }
  }
}
