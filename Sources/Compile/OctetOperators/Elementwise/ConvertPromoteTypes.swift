package import OctetGraph
package import OctetTensor

/// Two tensors in the element type that holds the values of both  (opset14).
///
/// Floats hold integers, signed integers unsigned ones of half their width, wider types narrower ones. With `isUnsafe` also
/// where values may be lost, with `prefersTensors` a scalar takes the type of the other operand, if it is of its kind.
package struct ConvertPromoteTypes: Operator {
  package static let name = "ConvertPromoteTypes"
  package let isUnsafe: Bool
  package let prefersTensors: Bool
  /// What 64 unsigned bits and a signed integer become.
  package let widestType: ElementType

  package init(isUnsafe: Bool, prefersTensors: Bool, widestType: ElementType) {
    (self.isUnsafe, self.prefersTensors, self.widestType) = (isUnsafe, prefersTensors, widestType)
  }

  package var attributes: String {
    [isUnsafe ? "unsafe" : nil, prefersTensors ? "scalars follow" : nil].compactMap(\.self).joined(separator: " ")
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    guard let type = commonType(operands[0], operands[1]), type.isByteAddressable else {
      throw .mismatch(
        "element types of \(Self.name)", expected: isUnsafe ? "two with a common one" : "one that holds the other",
        found: "\(operands[0].elementType) and \(operands[1].elementType)")
    }
    return operands.map { $0.type.with(elementType: type) }
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let types = try resultTypes(operands.known)
    var results: [Tensor] = []
    for (operand, type) in zip(operands, types) {
      results += try Convert(to: type.elementType).evaluate([operand])
    }
    return results
  }

  private func commonType(_ left: Operand, _ right: Operand) -> ElementType? {
    let (a, b) = (left.elementType, right.elementType)
    if a == b || b == .boolean { return a == .string ? nil : a }
    if a == .boolean { return b == .string ? nil : b }
    guard a != .string, b != .string else { return nil }
    if a.isFloatingPoint != b.isFloatingPoint {
      let (real, integer) = a.isFloatingPoint ? (a, b) : (b, a)
      return isUnsafe || real.bitWidth >= 2 * integer.bitWidth ? real : nil
    }
    let areScalars = [left, right].map { $0.shape.rank == 0 }
    if prefersTensors, areScalars[0] != areScalars[1] {
      let (scalar, tensor) = areScalars[0] ? (a, b) : (b, a)
      let holds =
        tensor.isSigned == scalar.isSigned
        ? tensor.bitWidth >= scalar.bitWidth : tensor.isSigned && 2 * tensor.bitWidth >= scalar.bitWidth
      return isUnsafe || holds ? tensor : nil
    }
    if a.isSigned != b.isSigned {
      let (signed, unsigned) = a.isSigned ? (a, b) : (b, a)
      guard unsigned.bitWidth <= 32, isUnsafe || 2 * unsigned.bitWidth <= signed.bitWidth else {
        return isUnsafe ? widestType : nil
      }
      let width = max(2 * unsigned.bitWidth, signed.bitWidth)
      return [ElementType.i4, .i8, .i16, .i32, .i64].first { $0.bitWidth == width }
    }
    if a.bitWidth != b.bitWidth { return a.bitWidth > b.bitWidth ? a : b }
    // f16 and bf16.
    return isUnsafe ? .f32 : nil
  }
}
