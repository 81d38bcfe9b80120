/// The type of one element of a tensor, in the spelling of the OpenVINO IR.
package enum ElementType: String, Sendable, Hashable, CaseIterable {
  case f64, f32, f16, bf16
  case i64, i32, i16, i8, i4
  case u64, u32, u16, u8, u4, u1
  case boolean
  case string

  /// Bits that one element takes in memory; 0 for strings, which have no fixed size.
  package var bitWidth: Int {
    switch self {
    case .f64, .i64, .u64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .i8, .u8, .boolean: 8
    case .i4, .u4: 4
    case .u1: 1
    case .string: 0
    }
  }

  /// Whether a single element starts at a byte of its own.
  package var isByteAddressable: Bool { bitWidth >= 8 }

  package var isFloatingPoint: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16: true
    default: false
    }
  }

  package var isInteger: Bool { !isFloatingPoint && self != .boolean && self != .string }

  package var isSigned: Bool {
    switch self {
    case .i64, .i32, .i16, .i8, .i4: true
    default: isFloatingPoint
    }
  }

  /// The values an integer type holds; nil for the others and for 64-bit types, whose bounds f64 cannot hold.
  package var integerRange: ClosedRange<Int64>? {
    switch self {
    case .i32: Int64(Int32.min)...Int64(Int32.max)
    case .i16: -32768...32767
    case .i8: -128...127
    case .i4: -8...7
    case .u32: 0...Int64(UInt32.max)
    case .u16: 0...65535
    case .u8: 0...255
    case .u4: 0...15
    case .u1, .boolean: 0...1
    default: nil
    }
  }

  /// Bytes of `count` packed elements, or nil when that overflows or the type has no fixed size.
  package func byteCount(of count: Int) -> Int? {
    guard bitWidth > 0, count >= 0 else { return nil }
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, bits <= Int.max - 7 else { return nil }
    return (bits + 7) / 8
  }
}

extension ElementType: CustomStringConvertible {
  package var description: String { rawValue }
}
