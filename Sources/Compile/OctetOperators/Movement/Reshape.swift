package import OctetGraph
package import OctetTensor

/// The same elements under another shape  (opset1).
///
/// The second operand is the shape: −1 stands for what is left, and with `specialZero` 0 copies the operand's extent.
package struct Reshape: Rearrangement {
  package static let name = "Reshape"
  package let specialZero: Bool

  package init(specialZero: Bool) { self.specialZero = specialZero }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    guard let pattern = try operands.integers(at: 1, "shape of Reshape") else {
      guard let rank = operands[1].shape.fixed?.elementCount, rank <= 64 else {
        throw OperatorError("the rank of the result of Reshape is not known")
      }
      return [operands[0].type.with(shape: .open(rank: rank))]
    }
    return [operands[0].type.with(shape: try shape(operands[0].shape, pattern))]
  }

  private func shape(_ source: PartialShape, _ pattern: [Int]) throws(OperatorError) -> PartialShape {
    var dimensions: [Dimension] = []
    for (axis, extent) in pattern.enumerated() {
      switch extent {
      case 0 where specialZero:
        guard axis < source.rank else {
          throw .mismatch(
            "shape of Reshape", expected: "0 only where the operand \(source) has an axis", found: "\(pattern)")
        }
        dimensions.append(source[axis])
      case -1: dimensions.append(.dynamic)
      case 0...: dimensions.append(.fixed(extent))
      default: throw .mismatch("shape of Reshape", expected: "extents of −1 or more", found: "\(pattern)")
      }
    }
    guard pattern.count(where: { $0 == -1 }) <= 1 else {
      throw .mismatch("shape of Reshape", expected: "at most one −1", found: "\(pattern)")
    }
    return try resolved(dimensions, open: pattern.firstIndex(of: -1), source)
  }

  /// Computes the open extent and checks the element count, when the operand's is known.
  private func resolved(_ dimensions: [Dimension], open: Int?, _ source: PartialShape) throws(OperatorError)
    -> PartialShape
  {
    // An open extent that both sides share cancels out.
    var left = source.dimensions
    var right = dimensions
    if let open { right.remove(at: open) }
    for dimension in right where dimension.fixedExtent == nil {
      guard let match = left.firstIndex(of: dimension), let own = right.firstIndex(of: dimension) else { continue }
      left.remove(at: match)
      right.remove(at: own)
    }
    guard let elements = PartialShape(left).fixed?.elementCount, let known = PartialShape(right).fixed?.elementCount
    else {
      return PartialShape(dimensions)
    }
    var result = dimensions
    if let open {
      guard known > 0, elements % known == 0 else {
        throw .mismatch(
          "shape of Reshape", expected: "a divisor of the \(elements) elements of \(source)", found: "\(known)")
      }
      result[open] = .fixed(elements / known)
    } else if elements != known {
      throw .mismatch("shape of Reshape", expected: "\(elements) elements as in \(source)", found: "\(known)")
    }
    return PartialShape(result)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let known = [Operand(type: operands[0].type), Operand(type: operands[1].type, constant: operands[1])]
    guard let shape = try resultTypes(known)[0].shape.fixed, shape.elementCount == operands[0].elementCount else {
      throw OperatorError("the result has no fixed shape")
    }
    return [operands[0].reshaped(to: shape)]
  }

  package func rearrange(_ order: inout ElementOrder, _ operands: [Operand], to shape: Shape) -> Bool {
    order.reshape(to: shape)
  }
}
