package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

/// Images are resampled by a kernel, bytes of one grid included; other axes and integers have the reference.
extension Interpolate: FusionBase {
  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    guard let shape = operands[0].shape.fixed, let types = try? resultTypes(operands),
      (try? resampledAxes(operands, shape, types[0].shape)) ?? nil != nil
    else { return false }
    // Copied elements stay what they are.
    guard sampling.mode != .nearest, dequantization != nil || operands[0].elementType == .f32,
      operation.furtherOperands.isEmpty, let store = AffineStore(taken + [operation], channelAxis: 1)
    else { return false }
    return !store.isPerChannel
  }

  package func absorbing(_ dequantization: Dequantization, operand index: Int) -> (any Operator)? {
    guard index == 0, self.dequantization == nil, sampling.mode != .nearest, dequantization.isPerTensor else {
      return nil
    }
    var absorbed = self
    absorbed.dequantization = dequantization
    return absorbed
  }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let reference = fused(chain, at: site)
    let operands = reference.baseOperands(site.operands)
    let source = try site.shape(ofOperand: 0)
    guard let axes = try resampledAxes(operands, source, try resultTypes(operands)[0].shape) else {
      return ReferencePrimitive(reference, site)
    }
    let layout: Layout = axes.channelAxis == 1 ? .channelsLast : .planar
    let x = try site.operand(0, layout, dense: layout == .planar)
    let y = try site.result(0, layout)
    let channels = source[axes.channelAxis]
    let images = Resample.Images(
      batch: source[0], channels: channels, sourceStride: layout == .planar ? channels : x.pixelStride,
      destinationStride: layout == .planar ? channels : y.pixelStride)
    if chain.isEmpty, dequantization == nil, x.elementType.isByteAddressable,
      let kernel = Resample(
        copying: images, rows: axes.rows, columns: axes.columns, elementSize: x.elementType.bitWidth / 8, cpu: site.cpu)
    {
      return ResamplePrimitive(kernel: kernel)
    }
    guard let element = VectorElement(x.elementType), element == .f32 || dequantization != nil,
      let store = AffineStore(chain, channelAxis: axes.channelAxis)
    else { return ReferencePrimitive(reference, site) }
    let scale = Float(dequantization?.scales[0] ?? 1)
    let shift = dequantization.map { Float(-$0.scales[0] * $0.zeroPoints[0]) } ?? 0
    let rows = Resample.Axis(
      sourceExtent: axes.rows.sourceExtent,
      taps: axes.rows.taps.map { $0.map { Resample.Tap(index: $0.index, weight: $0.weight * scale) } })
    let kernel = Resample(
      images, rows: rows, columns: axes.columns, element: element, shift: shift,
      epilogue: .init(clamp: store.clamp, affine: store.affine, result: store.result), cpu: site.cpu)
    return ResamplePrimitive(kernel: kernel)
  }

  /// Rows and columns of images whose channels are axis `channelAxis`.
  private struct ResampledAxes {
    let rows: Resample.Axis, columns: Resample.Axis
    let channelAxis: Int
  }

  /// Nil when other axes than rows and columns change, or there are borders.
  private func resampledAxes(
    _ operands: [Operand], _ source: Shape, _ result: PartialShape
  ) throws(OperatorError) -> ResampledAxes? {
    guard (3...4).contains(source.rank), let result = result.fixed, source.elementCount > 0,
      (padsBegin + padsEnd).allSatisfy({ $0 == 0 })
    else { return nil }
    let changed = try weights(operands, source, result).filter { !$0.value.isIdentity }
    guard !changed.keys.contains(0), changed.values.allSatisfy(\.isComplete) else { return nil }
    let channelAxis = changed.keys.contains(1) ? source.rank - 1 : 1
    guard !changed.keys.contains(channelAxis) else { return nil }
    func axis(_ index: Int) -> Resample.Axis {
      let taps = changed[index]?.taps ?? (0..<source[index]).map { [Resample.Tap(index: $0, weight: 1)] }
      return Resample.Axis(sourceExtent: source[index], taps: taps)
    }
    let images = (1..<source.rank).filter { $0 != channelAxis }
    let single = Resample.Axis(sourceExtent: 1, taps: [[Resample.Tap(index: 0, weight: 1)]])
    return ResampledAxes(
      rows: images.count == 2 ? axis(images[0]) : single, columns: axis(images[images.count - 1]),
      channelAxis: channelAxis)
  }
}

/// What the results along one axis are made of.
private struct AxisWeights {
  let taps: [[Resample.Tap]]
  let isIdentity: Bool
  /// Whether the weights of each result make 1: only then may a shift be added to the sum.
  let isComplete: Bool

  init(_ weights: [[InterpolationWeight]], sourceExtent: Int) {
    // What does not count is not read.
    taps = weights.map { taps in
      taps.filter { $0.weight != 0 }.map { Resample.Tap(index: $0.index, weight: Float($0.weight)) }
    }
    isIdentity =
      weights.count == sourceExtent
      && weights.indices.allSatisfy { weights[$0] == [InterpolationWeight(index: $0, weight: 1)] }
    isComplete = weights.allSatisfy { abs($0.reduce(0) { $0 + $1.weight } - 1) < 1e-9 }
  }
}

extension Interpolate {
  /// The weights along each axis that is resampled.
  private func weights(
    _ operands: [Operand], _ source: Shape, _ result: Shape
  ) throws(OperatorError) -> [Int: AxisWeights] {
    var weights: [Int: AxisWeights] = [:]
    for (axis, scale) in try axisScales(operands) {
      let own = sampling.weights(source: source[axis], result: result[axis], scale: scale)
      weights[axis] = AxisWeights(own, sourceExtent: source[axis])
    }
    return weights
  }
}

private struct ResamplePrimitive: Primitive {
  let kernel: Resample
  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
