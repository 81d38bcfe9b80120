package import OctetGraph
package import OctetTensor

/// y = f over all x along some axes; the second operand names them  (opset1).
///
/// Without `keepsAxes` the reduced axes disappear, with it they stay with extent 1.
package protocol Reduction: Operator {
  var keepsAxes: Bool { get }
  /// The result for one set of values, which is never empty unless an extent is 0.
  func reduce(_ values: [Double]) -> Double
}

extension Reduction {
  package var attributes: String { keepsAxes ? "keepsAxes" : "" }

  package func axes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> {
    try operands.expect(2, of: Self.name)
    guard let axes = try operands.integers(at: 1, "axes of \(Self.name)") else {
      throw OperatorError("the axes of \(Self.name) are not known")
    }
    return Set(try Axis.normalized(axes, rank: operands[0].shape.rank, of: Self.name))
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let shape = try resultShape(operands)
    return [TensorType(operands[0].elementType, shape)]
  }

  /// The operand's shape without the reduced axes, or with extent 1 in their place.
  func resultShape(_ operands: [Operand]) throws(OperatorError) -> PartialShape {
    let axes = try axes(operands)
    let source = operands[0].shape
    return PartialShape(
      source.dimensions.indices.compactMap { axis in
        axes.contains(axis) ? (keepsAxes ? 1 : nil) : source[axis]
      })
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let known = operands.map { Operand(type: $0.type, constant: $0) }
    let groups = Self.groups(operands[0].shape, axes: try axes(known))
    let x = operands[0].doubles
    let y = groups.map { group in reduce(group.map { x[$0] }) }
    guard let type = try resultTypes(known).first, let shape = type.shape.fixed else {
      throw OperatorError("the result of \(Self.name) has no fixed shape")
    }
    return [Tensor(type.elementType, shape, converting: y)]
  }

  /// The order of integers is that of what they stand for, where all that are compared have one positive scale.
  func carryOrder(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard let dequantization = incoming[0], dequantization.scales.allSatisfy({ $0 > 0 }) else { return nil }
    if dequantization.isPerTensor { return [dequantization] }
    guard let reduced = try? axes(operands), reduced.isDisjoint(with: dequantization.axes) else { return nil }
    let removed = keepsAxes ? 0 : reduced.count { $0 < dequantization.axes.lowerBound }
    return [dequantization.along(dequantization.axes.lowerBound - removed..<dequantization.axes.upperBound - removed)]
  }

  /// For each result element, the operand's elements that it reduces.
  static func groups(_ shape: Shape, axes: Set<Int>) -> [[Int]] {
    var groups = [[0]]
    let strides = shape.strides
    for axis in 0..<shape.rank {
      let offsets = (0..<shape[axis]).map { $0 * strides[axis] }
      groups =
        axes.contains(axis)
        ? groups.map { group in group.flatMap { base in offsets.map { base + $0 } } }
        : groups.flatMap { group in offsets.map { offset in group.map { $0 + offset } } }
    }
    return groups
  }
}
