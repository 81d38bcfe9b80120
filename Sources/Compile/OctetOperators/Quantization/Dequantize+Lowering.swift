package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Dequantize {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let isPerChannel = !dequantization.isPerTensor
    guard !isPerChannel || dequantization.axes == 1..<2 else { return ReferencePrimitive(self, site) }
    let shape = try site.shape(ofOperand: 0)
    let layout = shape.rank > 2 ? site.preferredLayout(ofOperand: 0) : .planar
    let x = try site.operand(0, layout)
    let y = try site.result(0, site.isModelOutput(0) ? .planar : layout)
    let shifts = zip(dequantization.scales, dequantization.zeroPoints).map { Float(-$0 * $1) }
    let kernel = DequantizeF32(
      LayoutChange(from: x, to: y), signed: site.operands[0].elementType == .i8,
      scale: dequantization.scales.map { Float($0) }, shift: shifts, cpu: site.cpu)
    return DequantizePrimitive(kernel: kernel)
  }
}

private struct DequantizePrimitive: Primitive {
  let kernel: DequantizeF32
  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
