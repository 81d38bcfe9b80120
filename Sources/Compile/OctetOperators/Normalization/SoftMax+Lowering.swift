package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension SoftMax {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try SoftmaxPrimitive(site, axis: axis, isLogarithmic: false) ?? ReferencePrimitive(self, site)
  }
}

extension LogSoftmax {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try SoftmaxPrimitive(site, axis: axis, isLogarithmic: true) ?? ReferencePrimitive(self, site)
  }
}

private struct SoftmaxPrimitive: Primitive {
  private let kernel: SoftmaxF32

  /// Nil when the operand is not f32.
  init?(_ site: LoweringSite, axis: Int, isLogarithmic: Bool) throws(OperatorError) {
    guard site.operands[0].elementType == .f32 else { return nil }
    let shape = try site.shape(ofOperand: 0)
    let axis = try Axis.normalized(axis, rank: shape.rank, of: SoftMax.name)
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    kernel = SoftmaxF32(
      outer: shape.count(in: 0..<axis), axis: shape[axis], inner: shape.count(in: axis + 1..<shape.rank),
      logarithmic: isLogarithmic, cpu: site.cpu)
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
