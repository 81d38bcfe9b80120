package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension AvgPool: FusionBase {
  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    AffineStore(average: taken + [operation]) != nil
  }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    guard let element = VectorElement(site.operands[0].elementType), let store = AffineStore(average: chain),
      Set(zeroPoints).count == 1
    else { return ReferencePrimitive(fused(chain, at: site), site) }
    let x = try site.operand(0, .channelsLast)
    let y = try site.result(0, .channelsLast)
    let kernel = Pool(
      averageOf: element, pooling.geometry(x, y), divisor: excludesPadding ? .taps : .paddedTaps,
      zeroPoint: Float(zeroPoints[0]), scale: store.affine.scale, shift: store.affine.shift, result: store.result,
      cpu: site.cpu)
    return PoolPrimitive(kernel: kernel)
  }
}

extension ReduceMean: FusionBase {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { try lower(site, fusing: []) }

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    coversImage(operands) && AffineStore(average: taken + [operation]) != nil
  }

  /// Whether the mean is over all spatial axes and nothing else: an average pooling with one window.
  private func coversImage(_ operands: [Operand]) -> Bool {
    let rank = operands[0].shape.rank
    return (3...5).contains(rank) && (try? axes(operands)) == Set(2..<rank)
  }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let coversImage = coversImage(Array(site.operands.prefix(2)))
    if chain.isEmpty, !coversImage, let reduction = try ReductionPrimitive(self, site) { return reduction }
    guard let element = VectorElement(site.operands[0].elementType), let store = AffineStore(average: chain),
      // A store per channel means those of axis 1.
      coversImage || !store.isPerChannel, let geometry = try PoolGeometry(of: self, site)
    else { return ReferencePrimitive(fused(chain, at: site), site) }
    let kernel = Pool(
      averageOf: element, geometry, divisor: .taps, zeroPoint: Float(zeroPoint), scale: store.affine.scale,
      shift: store.affine.shift, result: store.result, cpu: site.cpu)
    return PoolPrimitive(kernel: kernel)
  }
}

extension AffineStore {
  /// What the averaging kernel can apply: it has no clamp of its own.
  fileprivate init?(average operations: [FusedOperation]) {
    self.init(operations, channelAxis: 1)
    if clamp != nil { return nil }
  }
}
