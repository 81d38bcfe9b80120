import OctetGraph
import OctetKernels
import OctetTensor

/// Fused operations for the simple kernels, which end in `store(clamp(v) · scale + shift)`.
struct AffineStore {
  private(set) var clamp: ClosedRange<Float>?
  private(set) var affine = Affine.identity
  private(set) var result = VectorResult.f32

  /// Fails when the operations need more than a clamp, an affine step and a rounding store, in this order.
  init?(_ operations: [FusedOperation], channelAxis: Int) {
    guard let program = EpilogueProgram(operations, channelAxis: channelAxis) else { return nil }
    var steps = program.steps[...]
    if case .clamp(let low, let high) = steps.first {
      clamp = Float(low)...Float(high)
      steps.removeFirst()
    }
    if case .scaleShift(let scales, let shifts) = steps.first {
      affine = Affine(scale: scales.map { Float($0) }, shift: shifts.map { Float($0) })
      steps.removeFirst()
    }
    if case .roundClamp(let low, let high) = steps.first {
      // Rounding is monotone: bounds may be rounded instead of values.
      result = .bytes(low: Int32(low.rounded(.toNearestOrEven)), high: Int32(high.rounded(.toNearestOrEven)))
      steps.removeFirst()
    }
    guard steps.isEmpty else { return nil }
  }

  var isPerChannel: Bool { affine.scale.count > 1 || affine.shift.count > 1 }
}
