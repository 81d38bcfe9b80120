import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

/// An operator that normalizes rows, and scales, shifts and quantizes them before they are stored.
protocol RowNormalization: FusionBase {
  /// The axes that are normalized together.
  func normalizedAxes(_ operands: [Operand]) throws(OperatorError) -> Set<Int>

  /// What the kernel does with rows of `count` elements, and the factor of each column, or of all; nil where it cannot.
  func kernelOperation(_ operands: [Operand], count: Int) -> (NormalizationF32.Operation, gamma: [Double])?
}

extension RowNormalization {
  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    guard operation.furtherOperands.allSatisfy({ $0.constant != nil }), let axes = try? normalizedAxes(operands) else {
      return false
    }
    return AffineStore(normalization: taken + [operation], axes) != nil
  }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let further = chain.reduce(0) { $0 + $1.furtherOperands.count }
    let operands = Array(site.operands.dropLast(further))
    let axes = try normalizedAxes(operands)
    guard let store = AffineStore(normalization: chain, axes),
      let primitive = try NormalizationPrimitive(self, operands, axes, store, site)
    else { return ReferencePrimitive(fused(chain, at: site), site) }
    return primitive
  }
}

extension MVN: RowNormalization {
  func normalizedAxes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> { try reducedAxes(operands) }

  func kernelOperation(_ operands: [Operand], count: Int) -> (NormalizationF32.Operation, gamma: [Double])? {
    (normalizesVariance ? .meanAndVariance(epsilonPlace.code(epsilon)) : .mean, [1])
  }
}

extension NormalizeL2: RowNormalization {
  func normalizedAxes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> { try axes(operands) }

  func kernelOperation(_ operands: [Operand], count: Int) -> (NormalizationF32.Operation, gamma: [Double])? {
    (.length(mode == .add ? .insideRoot(Float(epsilon)) : .least(Float(epsilon))), [1])
  }
}

extension RMS: RowNormalization {
  func normalizedAxes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> { [operands[0].shape.rank - 1] }

  /// γ · x / √(Σ x² / n + ε) = γ·√n · x / √(Σ x² + n·ε)
  func kernelOperation(_ operands: [Operand], count: Int) -> (NormalizationF32.Operation, gamma: [Double])? {
    let constant = operands.count == 2 ? operands[1].constant?.doubles : [1]
    guard let constant, count > 0 else { return nil }
    return (
      .length(.insideRoot(Float(epsilon * Double(count)))), constant.map { $0 * Double(count).squareRoot() }
    )
  }
}

extension AffineStore {
  /// What a normalization can apply; columns are the elements along its axis, if it has only one.
  fileprivate init?(normalization operations: [FusedOperation], _ axes: Set<Int>) {
    self.init(operations, channelAxis: axes.min() ?? 0)
    if clamp != nil || (isPerChannel && axes.count != 1) { return nil }
  }

  /// (x·gamma)·scale + shift, for `count` columns; nothing where nothing changes.
  fileprivate func parameters(after gamma: [Double], count: Int) -> NormalizationF32.Parameters {
    if gamma == [1], affine == .identity { return .none }
    func column(_ values: [Float], _ index: Int) -> Float { values[values.count == 1 ? 0 : index] }
    return .columns(
      gamma: (0..<count).map { Float(gamma[gamma.count == 1 ? 0 : $0] * Double(column(affine.scale, $0))) },
      beta: (0..<count).map { column(affine.shift, $0) })
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
    _ op: some RowNormalization, _ operands: [Operand], _ axes: Set<Int>, _ store: AffineStore, _ site: LoweringSite
  ) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    guard site.operands[0].elementType == .f32, let first = axes.min() else { return nil }
    let isOverChannels = axes == [1] && shape.rank > 2
    guard isOverChannels || axes == Set(first..<shape.rank) else { return nil }
    let count = isOverChannels ? shape[1] : shape.count(in: first..<shape.rank)
    guard let (operation, gamma) = op.kernelOperation(operands, count: count), count > 0 else { return nil }
    let layout: Layout = isOverChannels ? .channelsLast : .planar
    let (x, y) = (try site.operand(0, layout, dense: !isOverChannels), try site.result(0, layout))
    let rows =
      isOverChannels
      ? RowLayout(rows: x.pixelCount, columns: count, sourceStride: x.pixelStride, destinationStride: y.pixelStride)
      : RowLayout(rows: shape.count(in: 0..<first), columns: count)
    kernel = NormalizationF32(
      operation, rows, parameters: store.parameters(after: gamma, count: count), result: store.result, cpu: site.cpu)
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
