package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension MVN {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let operation = normalizesVariance ? NormalizationF32.Operation.meanAndVariance(epsilonPlace.code(epsilon)) : .mean
    return try NormalizationPrimitive(operation, axes: try reducedAxes(site.operands), site)
      ?? ReferencePrimitive(self, site)
  }
}

extension EpsilonPlace {
  fileprivate func code(_ epsilon: Double) -> NormalizationF32.Epsilon {
    self == .outsideRoot ? .outsideRoot(Float(epsilon)) : .insideRoot(Float(epsilon))
  }
}

/// Rows of an f32 tensor, each normalized by itself.
private struct NormalizationPrimitive: Primitive {
  private let kernel: NormalizationF32

  /// Nil unless the axes are the last ones, so that what is normalized together is one row.
  init?(_ operation: NormalizationF32.Operation, axes: Set<Int>, _ site: LoweringSite) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    guard site.operands[0].elementType == .f32, let first = axes.min(), axes == Set(first..<shape.rank) else {
      return nil
    }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    let rows = RowLayout(rows: shape.count(in: 0..<first), columns: shape.count(in: first..<shape.rank))
    kernel = NormalizationF32(operation, rows, cpu: site.cpu)
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
