package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Dequantize {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let shifts = zip(dequantization.scales, dequantization.zeroPoints).map { Float(-$0 * $1) }
    let kernel = DequantizeF32(
      try layoutChange(site), signed: site.operands[0].elementType == .i8,
      scale: dequantization.scales.map { Float($0) }, shift: shifts, cpu: site.cpu)
    return DequantizePrimitive(kernel: kernel)
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
    let layout = shape.rank > 2 ? site.preferredLayout(ofOperand: 0) : .planar
    let x = try site.operand(0, layout)
    return LayoutChange(from: x, to: try site.result(0, site.isModelOutput(0) ? .planar : layout))
  }
}

private struct DequantizePrimitive: Primitive {
  let kernel: DequantizeF32
  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
