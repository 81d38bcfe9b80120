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
    try lower(site, fusing: chain, quantizing: []) ?? ReferencePrimitive(fused(chain, at: site), site)
  }

  /// A kernel that stores what a quantizer makes of its result, too, as the first of two; nil where there is none.
  func lower(
    _ site: LoweringSite, fusing chain: [FusedOperation], quantizing later: [FusedOperation]
  ) throws(OperatorError) -> (any Primitive)? {
    let further = (chain + later).reduce(0) { $0 + $1.furtherOperands.count }
    let operands = Array(site.operands.dropLast(further))
    let axes = try normalizedAxes(operands)
    guard let store = AffineStore(normalization: chain, axes) else { return nil }
    let quantizer = later.isEmpty ? nil : AffineStore(normalization: later, axes)
    return try NormalizationPrimitive(self, operands, axes, store, quantizer, site)
  }

  /// Whether `lower` has a kernel that stores both.
  func acceptsFork(_ chain: [FusedOperation], _ later: [FusedOperation], _ operands: [Operand]) -> Bool {
    let rank = operands[0].shape.rank
    guard VectorElement(operands[0].elementType) != nil, let axes = try? normalizedAxes(operands),
      let first = axes.min(), axes == Set(first..<rank), kernelOperation(operands, count: 1) != nil
    else { return false }
    let stores = [chain, later].map { AffineStore(normalization: $0, axes) }
    return stores[0]?.result == .f32 && stores[1].map { $0.result != .f32 } ?? false
  }
}

extension MVN: RowNormalization {
  func normalizedAxes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> { try reducedAxes(operands) }

  /// Of x = s·(q − z), the zero point falls out, and the scale where ε is divided by s², or by s outside of the root.
  func kernelOperation(_ operands: [Operand], count: Int) -> (NormalizationF32.Operation, gamma: [Double])? {
    let scale = dequantization?.scales[0] ?? 1
    guard normalizesVariance else { return (.mean, [scale]) }
    let ownEpsilon = epsilon / (epsilonPlace == .insideRoot ? scale * scale : scale)
    return (.meanAndVariance(epsilonPlace.code(ownEpsilon)), [1])
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
    let (scale, shift) = columns(count)
    return .columns(
      gamma: scale.indices.map { Float(gamma[gamma.count == 1 ? 0 : $0] * Double(scale[$0])) }, beta: shift)
  }

  /// The quantizer of `count` columns that it ends in.
  fileprivate func quantizer(count: Int) -> NormalizationF32.Quantizer {
    let (scale, shift) = columns(count)
    return NormalizationF32.Quantizer(scale: scale, shift: shift, result: result)
  }

  private func columns(_ count: Int) -> (scale: [Float], shift: [Float]) {
    func spread(_ values: [Float]) -> [Float] {
      values.count == 1 ? Array(repeating: values[0], count: count) : values
    }
    return (spread(affine.scale), spread(affine.shift))
  }
}

extension EpsilonPlace {
  fileprivate func code(_ epsilon: Double) -> NormalizationF32.Epsilon {
    self == .outsideRoot ? .outsideRoot(Float(epsilon)) : .insideRoot(Float(epsilon))
  }
}

/// Rows of a tensor, each normalized by itself.
private struct NormalizationPrimitive: Primitive {
  private let kernel: NormalizationF32
  /// Whether there are two results: the bytes, then the floats.
  private let isForked: Bool

  /// Nil unless the axes are the last ones, or the channels alone, so that what is normalized together is one row.
  init?(
    _ op: some RowNormalization, _ operands: [Operand], _ axes: Set<Int>, _ store: AffineStore,
    _ quantizer: AffineStore?, _ site: LoweringSite
  ) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    guard let source = VectorElement(site.operands[0].elementType), let first = axes.min() else { return nil }
    let isOverChannels = axes == [1] && shape.rank > 2
    guard isOverChannels ? quantizer == nil : axes == Set(first..<shape.rank) else { return nil }
    let count = isOverChannels ? shape[1] : shape.count(in: first..<shape.rank)
    guard let (operation, gamma) = op.kernelOperation(operands, count: count), count > 0 else { return nil }
    let layout: Layout = isOverChannels ? .channelsLast : .planar
    isForked = quantizer != nil
    let x = try site.operand(0, layout, dense: !isOverChannels)
    let y = try site.result(isForked ? 1 : 0, layout)
    if isForked { _ = try site.result(0, layout) }
    let rows =
      isOverChannels
      ? RowLayout(rows: x.pixelCount, columns: count, sourceStride: x.pixelStride, destinationStride: y.pixelStride)
      : RowLayout(rows: shape.count(in: 0..<first), columns: count)
    kernel = NormalizationF32(
      operation, rows, source: source, parameters: store.parameters(after: gamma, count: count), result: store.result,
      quantizer: quantizer?.quantizer(count: count), cpu: site.cpu)
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    if isForked {
      kernel.run(step.operand(0), into: step.result(1), quantized: step.result(0), team: step.team)
    } else {
      kernel.run(step.operand(0), into: step.result(0), team: step.team)
    }
  }
}
