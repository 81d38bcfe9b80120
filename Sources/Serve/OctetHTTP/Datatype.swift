import CSimdjson
import OctetTensor

/// The names of element types in the Open Inference Protocol.
extension ElementType {
  private static let protocolNames: [(ElementType, String)] = [
    (.f64, "FP64"), (.f32, "FP32"), (.f16, "FP16"), (.bf16, "BF16"),
    (.i64, "INT64"), (.i32, "INT32"), (.i16, "INT16"), (.i8, "INT8"),
    (.u64, "UINT64"), (.u32, "UINT32"), (.u16, "UINT16"), (.u8, "UINT8"),
    (.boolean, "BOOL"), (.string, "BYTES"),
  ]

  /// The protocol's name; types that it has no name for go by their own.
  var protocolName: String { Self.protocolNames.first { $0.0 == self }?.1 ?? rawValue }

  init?(protocolName: String) {
    guard let known = Self.protocolNames.first(where: { $0.1 == protocolName }) else { return nil }
    self = known.0
  }

  /// How JSON carries elements of this type, or nil where it cannot.
  var numberType: octet_number_type? {
    switch self {
    case .f64: OCTET_NUMBER_F64
    case .f32: OCTET_NUMBER_F32
    case .i64: OCTET_NUMBER_I64
    case .i32: OCTET_NUMBER_I32
    case .i16: OCTET_NUMBER_I16
    case .i8: OCTET_NUMBER_I8
    case .u64: OCTET_NUMBER_U64
    case .u32: OCTET_NUMBER_U32
    case .u16: OCTET_NUMBER_U16
    case .u8: OCTET_NUMBER_U8
    case .boolean: OCTET_NUMBER_BOOLEAN
    case .f16, .bf16, .string, .i4, .u4, .u1: nil
    }
  }
}
