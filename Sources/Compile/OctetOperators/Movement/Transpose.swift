package import OctetGraph
package import OctetTensor

/// Permutes the axes: y[i₀, i₁, …] = x with axis k of y being axis order[k] of x  (opset1).
///
/// An empty order reverses the axes.
package struct Transpose: Rearrangement {
  package static let name = "Transpose"

  package init() {}

  package func order(_ operands: [Operand]) throws(OperatorError) -> [Int] {
    try operands.expect(2, of: Self.name)
    let rank = operands[0].shape.rank
    guard let order = try operands.integers(at: 1, "order of Transpose") else {
      throw OperatorError("the order of Transpose is not known")
    }
    if order.isEmpty { return Array((0..<rank).reversed()) }
    let axes = try Axis.normalized(order, rank: rank, of: Self.name)
    guard axes.sorted() == Array(0..<rank) else {
      throw .mismatch("order of Transpose", expected: "each of the \(rank) axes once", found: "\(order)")
    }
    return axes
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let order = try order(operands)
    return [operands[0].type.with(shape: PartialShape(order.map { operands[0].shape[$0] }))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [operands[0].transposed(try order(operands.known))]
  }

  package func rearrange(_ order: inout ElementOrder, _ operands: [Operand], to shape: Shape) -> Bool {
    guard let axes = try? self.order(operands) else { return false }
    order.transpose(axes)
    return true
  }
}

extension Tensor {
  /// A new tensor whose element i is this tensor's element `indices[i]`, whatever the element type.
  package func gathering(_ indices: [Int], shape: Shape) -> Tensor {
    precondition(indices.count == shape.elementCount && elementType.isByteAddressable)
    var result = Tensor(elementType, shape)
    func gather<Element: BitwiseCopyable>(as type: Element.Type) {
      withElements(as: type) { source in
        result.withMutableElements(as: type) { destination in
          for (position, index) in indices.enumerated() { destination[position] = source[index] }
        }
      }
    }
    switch elementType.bitWidth {
    case 8: gather(as: UInt8.self)
    case 16: gather(as: UInt16.self)
    case 32: gather(as: UInt32.self)
    default: gather(as: UInt64.self)
    }
    return result
  }
}
