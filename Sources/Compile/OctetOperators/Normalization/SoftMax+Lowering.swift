package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension SoftMax {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let shape = try site.shape(ofOperand: 0)
    guard site.operands[0].elementType == .f32 else { return ReferencePrimitive(self, site) }
    let axis = try Axis.normalized(axis, rank: shape.rank, of: Self.name)
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    let kernel = SoftmaxF32(
      outer: shape.count(in: 0..<axis), axis: shape[axis], inner: shape.count(in: axis + 1..<shape.rank), cpu: site.cpu)
    return SoftmaxPrimitive(kernel: kernel)
  }
}

private struct SoftmaxPrimitive: Primitive {
  let kernel: SoftmaxF32

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
