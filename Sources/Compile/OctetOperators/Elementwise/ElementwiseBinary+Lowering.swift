package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension ElementwiseBinary {
  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    guard kernelOperation != nil, operation.chainOperand == 0 || operation.furtherOperands.isEmpty,
      let store = AffineStore(taken + [operation], channelAxis: 1)
    else { return false }
    return !store.isPerChannel && operation.furtherOperands.allSatisfy { $0.constant != nil }
  }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let shape = try site.shape(ofResult: 0)
    guard let kernelOperation, let store = AffineStore(chain, channelAxis: 1), shape.rank <= 6,
      let elements = elements(site)
    else { return try scalar(site, chain) ?? ReferencePrimitive(fused(chain, at: site), site) }
    let layout = try layout(site, shape)
    let views = try (0...1).map { index throws(OperatorError) in
      try site.operand(index, try site.shape(ofOperand: index) == shape ? layout : .planar)
    }
    let y = try site.result(0, layout)
    let operands = (0...1).map { index in
      Elementwise.Operand(
        elements[index], affine: affine(index), strides: views[index].strides(broadcastTo: shape))
    }
    let kernel = Elementwise(
      kernelOperation, extents: shape.extents, a: operands[0], b: operands[1], strides: y.strides(broadcastTo: shape),
      epilogue: .init(clamp: store.clamp, affine: store.affine, result: store.result), cpu: site.cpu)
    return ElementwisePrimitive(kernel: kernel)
  }

  /// Integers, and what has no kernel.
  private func scalar(_ site: LoweringSite, _ chain: [FusedOperation]) throws(OperatorError) -> (any Primitive)? {
    let type = site.results[0].elementType
    guard chain.isEmpty, dequantizations.isEmpty, type != .boolean else { return nil }
    return try ScalarMap(
      type.isInteger ? .integer { Self.apply($0, $1) } : .real { Self.apply($0, $1) }, site)
  }

  /// The kernel's name of this operation; nil when there is none.
  var kernelOperation: Elementwise.Operation? {
    switch self {
    case is Add: .add
    case is Subtract: .subtract
    case is Multiply: .multiply
    case is Divide: .divide
    case is Maximum: .maximum
    case is Minimum: .minimum
    case is SquaredDifference: .squaredDifference
    default: nil
    }
  }

  /// Kernels compute in f32: integers come with a dequantization, per tensor.
  private func elements(_ site: LoweringSite) -> [VectorElement]? {
    guard [0, 1].allSatisfy({ dequantizations[$0]?.isPerTensor ?? (site.operands[$0].elementType == .f32) }) else {
      return nil
    }
    let elements = [0, 1].compactMap { VectorElement(site.operands[$0].elementType) }
    return elements.count == 2 ? elements : nil
  }

  /// That of an operand which has the result's shape.
  private func layout(_ site: LoweringSite, _ shape: Shape) throws(OperatorError) -> Layout {
    guard shape.rank > 2 else { return .planar }
    for index in 0...1 where try site.shape(ofOperand: index) == shape {
      return site.preferredLayout(ofOperand: index)
    }
    return .planar
  }

  private func affine(_ index: Int) -> Affine {
    guard let dequantization = dequantizations[index] else { return .identity }
    let scale = dequantization.scales[0]
    return Affine(scale: [Float(scale)], shift: [Float(-scale * dequantization.zeroPoints[0])])
  }
}

private struct ElementwisePrimitive: Primitive {
  let kernel: Elementwise

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), step.operand(1), into: step.result(0), team: step.team)
  }
}

extension TensorView {
  /// Elements from one index of each axis of `result` to the next; 0 where this tensor is broadcast.
  func strides(broadcastTo result: Shape) -> [Int] {
    var own = shape.strides
    if layout == .channelsLast, shape.rank > 1 {
      var stride = pixelStride
      for axis in pixelAxes.reversed() {
        own[axis] = stride
        stride *= shape[axis]
      }
      own[1] = 1
    }
    let offset = result.rank - shape.rank
    return (0..<result.rank).map { axis in
      axis < offset || (shape[axis - offset] == 1 && result[axis] != 1) ? 0 : own[axis - offset]
    }
  }

  /// Every axis but the channels, outermost first.
  private var pixelAxes: [Int] { [0] + Array(2..<max(shape.rank, 2)) }
}
