import Glibc
package import OctetGraph
package import OctetTensor

/// y = (round(x · scale − shift) + shift) / scale, rounded to a floating-point type of 8 bits  (opset13).
///
/// Halves go to the even neighbour, and what is too large becomes the largest finite value. Operands: x, scale and,
/// optionally, shift, which broadcast to x.
package struct FakeConvert: Operator {
  package enum Destination: String, CaseIterable, Sendable {
    case f8e4m3, f8e5m2

    fileprivate var mantissaBits: Int { self == .f8e4m3 ? 3 : 2 }
    fileprivate var leastExponent: Int { self == .f8e4m3 ? -6 : -14 }
    fileprivate var largest: Double { self == .f8e4m3 ? 448 : 57344 }
  }

  package static let name = "FakeConvert"
  package let destination: Destination

  package init(to destination: Destination) { self.destination = destination }

  package var attributes: String { "to \(destination.rawValue)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...3, of: Self.name)
    let x = operands[0]
    for other in operands {
      guard x.elementType.isFloatingPoint, other.elementType == x.elementType,
        try Broadcasting.shape(x.shape, other.shape).isCompatible(with: x.shape)
      else {
        throw .mismatch(
          "operands of \(Self.name)", expected: "floating point, a scale and a shift that broadcast to it",
          found: "\(operands.map(\.type))")
      }
    }
    return [x.type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    func values(_ index: Int) throws(OperatorError) -> [Double] {
      // Extents that were open may turn out to stretch x.
      guard try Broadcasting.shape(PartialShape(shape), PartialShape(operands[index].shape)).fixed == shape else {
        throw .mismatch("scale of \(Self.name)", expected: "\(shape)", found: "\(operands[index].shape)")
      }
      let values = operands[index].doubles
      return Broadcasting.indices(of: operands[index].shape, in: shape).map { values[$0] }
    }
    let scales = try values(1)
    let shifts = try operands.count > 2 ? values(2) : [Double](repeating: 0, count: scales.count)
    let y = operands[0].doubles.enumerated().map { index, x in
      // The scaled value is f32, as a kernel has it.
      (rounded(Double(Float(x * scales[index]) - Float(shifts[index]))) + shifts[index]) / scales[index]
    }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }

  private func rounded(_ x: Double) -> Double {
    guard x.isFinite, x != 0 else { return x.isNaN ? x : max(-destination.largest, min(x, destination.largest)) }
    let exponent = max(Int(x.exponent), destination.leastExponent)
    let step = scalbn(1, Int32(exponent - destination.mantissaBits))
    let y = (x / step).rounded(.toNearestOrEven) * step
    return max(-destination.largest, min(y, destination.largest))
  }
}
