package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Quantize {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let shape = try site.shape(ofOperand: 0)
    let x = try site.operand(0, shape.rank > 2 ? site.preferredLayout(ofOperand: 0) : .planar)
    let y = try site.result(0, shape.rank > 2 ? .channelsLast : .planar)
    let kernel = QuantizeF32(
      LayoutChange(from: x, to: y), scale: scales.map { Float($0) }, shift: shifts.map { Float($0) }, low: 0,
      high: Int32(levels - 1), cpu: site.cpu)
    return QuantizePrimitive(kernel: kernel)
  }
}

private struct QuantizePrimitive: Primitive {
  let kernel: QuantizeF32
  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
