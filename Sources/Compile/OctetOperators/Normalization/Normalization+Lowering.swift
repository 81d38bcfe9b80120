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

extension NormalizeL2 {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let floor: NormalizationF32.Epsilon = mode == .add ? .insideRoot(Float(epsilon)) : .least(Float(epsilon))
    return try NormalizationPrimitive(.length(floor), axes: try axes(site.operands), site)
      ?? ReferencePrimitive(self, site)
  }
}

extension RMS {
  /// γ · x / √(Σ x² / n + ε) = γ·√n · x / √(Σ x² + n·ε)
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let shape = try site.shape(ofOperand: 0)
    let count = shape[shape.rank - 1]
    let constant = site.operands.count == 2 ? site.operands[1].constant?.doubles : [1]
    guard let constant, count > 0 else { return ReferencePrimitive(self, site) }
    let gamma = (0..<count).map { Float(constant[constant.count == 1 ? 0 : $0] * Double(count).squareRoot()) }
    return try NormalizationPrimitive(
      .length(.insideRoot(Float(epsilon * Double(count)))), axes: [shape.rank - 1],
      parameters: .columns(gamma: gamma, beta: gamma.map { _ in 0 }), site) ?? ReferencePrimitive(self, site)
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

  /// Nil unless the axes are the last ones, or the channels alone, so that what is normalized together is one row.
  init?(
    _ operation: NormalizationF32.Operation, axes: Set<Int>, parameters: NormalizationF32.Parameters = .none,
    _ site: LoweringSite
  ) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    guard site.operands[0].elementType == .f32, let first = axes.min() else { return nil }
    if axes == [1], shape.rank > 2 {
      let (x, y) = (try site.operand(0, .channelsLast), try site.result(0, .channelsLast))
      let rows = RowLayout(
        rows: x.pixelCount, columns: x.channels, sourceStride: x.pixelStride, destinationStride: y.pixelStride)
      kernel = NormalizationF32(operation, rows, parameters: parameters, cpu: site.cpu)
      return
    }
    guard axes == Set(first..<shape.rank) else { return nil }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    let rows = RowLayout(rows: shape.count(in: 0..<first), columns: shape.count(in: first..<shape.rank))
    kernel = NormalizationF32(operation, rows, parameters: parameters, cpu: site.cpu)
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
