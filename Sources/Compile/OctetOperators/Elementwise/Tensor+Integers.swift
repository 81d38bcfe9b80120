package import OctetTensor

extension Tensor {
  /// The elements of an integer or boolean tensor, sign-extended; unsigned 64-bit values keep their bits.
  package var bitPatterns: [Int64] {
    switch elementType {
    case .i64, .u64: elements(as: Int64.self)
    default: doubles.map { Int64($0) }
    }
  }

  /// The low bits of each value, as many as the integer or boolean element type has.
  package init(_ elementType: ElementType, _ shape: Shape, bitPatterns: [Int64]) {
    switch elementType.bitWidth {
    case 8: self.init(elementType, shape, elements: bitPatterns.map { UInt8(truncatingIfNeeded: $0) })
    case 16: self.init(elementType, shape, elements: bitPatterns.map { UInt16(truncatingIfNeeded: $0) })
    case 32: self.init(elementType, shape, elements: bitPatterns.map { UInt32(truncatingIfNeeded: $0) })
    default: self.init(elementType, shape, elements: bitPatterns)
    }
  }
}
