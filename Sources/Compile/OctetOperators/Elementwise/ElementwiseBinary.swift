package import OctetGraph
package import OctetTensor

/// z[i] = f(x[i], y[i]) with NumPy broadcasting.
///
/// Either operand may be integers with a dequantization that the operator applies itself: a residual addition reads u8
/// from memory and rounds nowhere.
package protocol ElementwiseBinary: FusionBase {
  static func apply(_ x: Double, _ y: Double) -> Double
  /// The same on integers; sums and products wrap around.
  static func apply(_ x: Int64, _ y: Int64) -> Int64

  var dequantizations: OperandDequantizations { get set }
}

/// The dequantizations that an operator applies to its own operands.
package struct OperandDequantizations: Hashable, Sendable {
  package var left: Dequantization?
  package var right: Dequantization?

  package init(left: Dequantization? = nil, right: Dequantization? = nil) {
    self.left = left
    self.right = right
  }

  package subscript(index: Int) -> Dequantization? { index == 0 ? left : right }
  package var isEmpty: Bool { left == nil && right == nil }
}

extension ElementwiseBinary {
  package var attributes: String {
    [dequantizations.left.map { "left \($0)" }, dequantizations.right.map { "right \($0)" }]
      .compactMap { $0 }.joined(separator: " ")
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let types = [0, 1].map { dequantizations[$0] == nil ? operands[$0].elementType : .f32 }
    guard types[0] == types[1] else {
      throw .mismatch("element types of \(Self.name)", expected: "equal ones", found: "\(types[0]) and \(types[1])")
    }
    return [TensorType(types[0], try Broadcasting.shape(operands[0].shape, operands[1].shape))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let type = try resultTypes(operands.map { Operand(type: $0.type) })[0]
    guard let shape = type.shape.fixed else { throw OperatorError("the result has no fixed shape") }
    let left = Broadcasting.indices(of: operands[0].shape, in: shape)
    let right = Broadcasting.indices(of: operands[1].shape, in: shape)
    if type.elementType.isInteger, let x = operands[0].integers, let y = operands[1].integers {
      let result = zip(left, right).map { Self.apply(Int64(x[$0]), Int64(y[$1])) }
      return [Tensor(type.elementType, shape, bitPatterns: result)]
    }
    let x = real(operands[0], dequantizations.left)
    let y = real(operands[1], dequantizations.right)
    return [Tensor(type.elementType, shape, converting: zip(left, right).map { Self.apply(x[$0], y[$1]) })]
  }

  private func real(_ tensor: Tensor, _ dequantization: Dequantization?) -> [Double] {
    guard let dequantization else { return tensor.doubles }
    return Dequantize(dequantization).apply(to: tensor)
  }

  package func absorbing(_ dequantization: Dequantization, operand index: Int) -> (any Operator)? {
    guard kernelOperation != nil, dequantizations[index] == nil, dequantization.isPerTensor else { return nil }
    var absorbed = self
    if index == 0 {
      absorbed.dequantizations.left = dequantization
    } else {
      absorbed.dequantizations.right = dequantization
    }
    return absorbed
  }
}
