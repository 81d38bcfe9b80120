package import OctetGraph
package import OctetTensor

/// Deals the indices of an axis: group g, place k → place k, group g  (opset1).
package struct ShuffleChannels: Rearrangement {
  package static let name = "ShuffleChannels"
  package let axis: Int
  package let groups: Int

  package init(axis: Int, groups: Int) throws(OperatorError) {
    guard groups >= 1 else { throw .mismatch("group of ShuffleChannels", expected: "1 or more", found: "\(groups)") }
    self.axis = axis
    self.groups = groups
  }

  package var attributes: String { "axis \(axis) groups \(groups)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let axis = try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
    if let extent = operands[0].shape[axis].fixedExtent, extent % groups != 0 {
      throw .mismatch("axis \(axis) of ShuffleChannels", expected: "a multiple of \(groups)", found: "\(extent)")
    }
    return [operands[0].type]
  }

  /// For each index of the result, the one that it shows.
  private func order(_ extent: Int) -> [Int] {
    (0..<extent / groups).flatMap { place in (0..<groups).map { $0 * (extent / groups) + place } }
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
    return [operands[0].selecting(order(operands[0].shape[axis]), alongAxis: axis)]
  }

  package func rearrange(_ order: inout ElementOrder, _ operands: [Operand], to shape: Shape) -> Bool {
    guard let axis = try? Axis.normalized(axis, rank: shape.rank, of: Self.name),
      let dealt = Shape(shape.extents[..<axis] + [groups, shape[axis] / groups] + shape.extents[(axis + 1)...]),
      order.reshape(to: dealt)
    else { return false }
    order.transpose(Array(0..<axis) + [axis + 1, axis] + Array(axis + 2..<dealt.rank))
    return order.reshape(to: shape)
  }
}
