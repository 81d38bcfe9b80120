import COctetKernels
package import OctetTensor

/// The element types that the simple kernels read.
package enum VectorElement: Hashable, Sendable, CaseIterable {
  case u8, i8, f32

  /// The one that holds a tensor's elements; nil where the kernels do not read them.
  package init?(_ type: ElementType) {
    switch type {
    case .u8: self = .u8
    case .i8: self = .i8
    case .f32: self = .f32
    default: return nil
    }
  }

  var code: octet_element {
    switch self {
    case .u8: OCTET_ELEMENT_U8
    case .i8: OCTET_ELEMENT_I8
    case .f32: OCTET_ELEMENT_F32
    }
  }

  var byteCount: Int { octet_element_bytes(code) }
}

/// How a kernel that computes in f32 stores a result y.
package enum VectorResult: Hashable, Sendable {
  case f32
  /// clamp(roundHalfEven(y), low, high) as a byte: u8 or i8, as the bounds have it. NaN gives low.
  case bytes(low: Int32, high: Int32)

  package static let u8 = bytes(low: 0, high: 255)
  package static let i8 = bytes(low: -128, high: 127)

  var element: octet_element { self == .f32 ? OCTET_ELEMENT_F32 : OCTET_ELEMENT_U8 }

  var bounds: (low: Float, high: Float) {
    switch self {
    case .f32: return (0, 0)
    case .bytes(let low, let high):
      precondition(-512 <= low && low <= high && high <= 511, "bounds \(low)...\(high)")
      return (Float(low), Float(high))
    }
  }
}
