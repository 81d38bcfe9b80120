package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Dequantize: FusionBase {
  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    DequantizedStore(self, operands, chain: taken + [operation]) != nil
  }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let isSigned = site.operands[0].elementType == .i8
    guard let store = DequantizedStore(self, site.operands, chain: chain) else {
      return ReferencePrimitive(fused(chain, at: site), site)
    }
    let (scales, shifts) = (store.scales.map { Float($0) }, store.shifts.map { Float($0) })
    switch store.result {
    case .f32(let clamp):
      let kernel = DequantizeF32(
        try layoutChange(site), signed: isSigned, scale: scales, shift: shifts, clamp: clamp, cpu: site.cpu)
      return DequantizePrimitive(kernel: kernel)
    case .u8(let low, let high):
      let x = try site.operand(0, layout(site))
      let kernel = RequantizeU8(
        LayoutChange(from: x, to: try site.result(0, x.layout)), signed: isSigned, scale: scales, shift: shifts,
        low: low, high: high, cpu: site.cpu)
      return RequantizePrimitive(kernel: kernel)
    }
  }

  private func layout(_ site: LoweringSite) throws(OperatorError) -> Layout {
    try site.shape(ofOperand: 0).rank > 2 ? site.preferredLayout(ofOperand: 0) : .planar
  }

  /// Scales along other axes than the channels see the tensor as one with three axes, theirs in the middle.
  private func layoutChange(_ site: LoweringSite) throws(OperatorError) -> LayoutChange {
    let shape = try site.shape(ofOperand: 0)
    let axes = dequantization.axes
    guard dequantization.isPerTensor || axes == 1..<2 else {
      _ = try site.operand(0, .planar, dense: true)
      _ = try site.result(0, .planar)
      return LayoutChange(
        batch: shape.count(in: 0..<axes.lowerBound), channels: dequantization.scales.count,
        inner: shape.count(in: axes.upperBound..<shape.rank), from: .planar, to: .planar)
    }
    let layout = try layout(site)
    let x = try site.operand(0, layout)
    return LayoutChange(from: x, to: try site.result(0, site.isModelOutput(0) ? .planar : layout))
  }
}

/// A dequantization and what is fused with it: clamp(q · scale + shift), or that on another grid.
private struct DequantizedStore {
  enum Result {
    case f32(clamp: ClosedRange<Float>)
    case u8(low: Int32, high: Int32)
  }

  let scales: [Double], shifts: [Double]
  let result: Result

  /// Fails when the operations need more than a clamp or a quantizer.
  init?(_ op: Dequantize, _ operands: [Operand], chain: [FusedOperation]) {
    let dequantization = op.dequantization
    let ownShifts = zip(dequantization.scales, dequantization.zeroPoints).map { -$0 * $1 }
    guard !chain.isEmpty else {
      (scales, shifts) = (dequantization.scales, ownShifts)
      result = .f32(clamp: -.infinity ... .infinity)
      return
    }
    let own = FusedOperation(
      op: op, chainOperand: 0, furtherOperands: [], type: operands[0].type.with(elementType: .f32))
    guard let steps = EpilogueProgram([own] + chain, channelAxis: 1)?.steps,
      case .scaleShift(let scales, let shifts) = steps.first, steps.count <= 2
    else { return nil }
    (self.scales, self.shifts) = (scales, shifts)
    switch steps.last {
    case .scaleShift: result = .f32(clamp: -.infinity ... .infinity)
    case .clamp(let low, let high): result = .f32(clamp: Float(low)...Float(high))
    case .roundClamp(let low, let high):
      // Rounding is monotone: bounds may be rounded instead of values.
      result = .u8(low: Int32(low.rounded(.toNearestOrEven)), high: Int32(high.rounded(.toNearestOrEven)))
    default: return nil
    }
  }
}

private struct RequantizePrimitive: Primitive {
  let kernel: RequantizeU8
  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}

private struct DequantizePrimitive: Primitive {
  let kernel: DequantizeF32
  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
