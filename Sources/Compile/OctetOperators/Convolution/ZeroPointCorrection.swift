package import OctetGraph
package import OctetTensor

/// What zero points that no byte holds add to a padded convolution: one image for all of a batch, from the extents alone.
///
///     y[o, p] = Σ over valid taps t of w[o, t]
///
/// `weights` are −(z − b)·s·(w − v), summed over the input channels of each group. Near the border fewer taps are valid, so
/// that y is known when the extents are: it becomes a constant then.
package struct ZeroPointCorrection: ShapeFunction {
  package static let name = "ZeroPointCorrection"
  private let convolution: any ConvolutionFamily
  private let weights: Tensor
  /// The constant operands of the convolution behind its weights.
  private let furtherOperands: [Tensor]
  private let groups: Int

  init(
    _ convolution: some ConvolutionFamily, weights: Tensor, furtherOperands: [Tensor]
  ) throws(OperatorError) {
    self.convolution = convolution.summing(nil, zeroPoints: [0])
    self.weights = weights
    self.furtherOperands = furtherOperands
    groups = try convolution.weightShape(Operand(type: weights.type)).groups
  }

  package static func == (a: Self, b: Self) -> Bool {
    areEqual(a.convolution, b.convolution) && Constant(a.weights) == Constant(b.weights)
      && a.furtherOperands.map(\.doubles) == b.furtherOperands.map(\.doubles)
  }

  package var attributes: String { convolution.attributes }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    let image = PartialShape([1, .fixed(groups)] + operands[0].shape.dimensions.dropFirst(2))
    let ones = Operand(type: TensorType(.f64, image))
    let others = ([weights] + furtherOperands).map { Operand(type: $0.type, constant: $0) }
    return [try convolution.resultTypes([ones] + others)[0].with(elementType: .f32)]
  }

  package func value(_ shape: Shape) throws(OperatorError) -> Tensor {
    let image = Shape(valid: [1, groups] + shape.extents.dropFirst(2))
    let ones = Tensor(.f64, image, converting: [Double](repeating: 1, count: image.elementCount))
    let sums = try convolution.evaluate([ones, weights] + furtherOperands)[0]
    return Tensor(.f32, sums.shape, converting: sums.doubles)
  }
}
