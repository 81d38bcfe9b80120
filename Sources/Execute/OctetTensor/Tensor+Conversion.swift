extension Tensor {
  /// The elements as f64, whatever their type: exact for all but 64-bit integers beyond 2⁵³.
  package var doubles: [Double] {
    switch elementType {
    case .f64: elements(as: Double.self)
    case .f32: withElements(as: Float.self) { $0.map(Double.init) }
    case .f16: withElements(as: Float16.self) { $0.map(Double.init) }
    case .bf16: withElements(as: UInt16.self) { $0.map { Double(Float(bitPattern: UInt32($0) << 16)) } }
    case .i64: withElements(as: Int64.self) { $0.map(Double.init) }
    case .i32: withElements(as: Int32.self) { $0.map(Double.init) }
    case .i16: withElements(as: Int16.self) { $0.map(Double.init) }
    case .i8: withElements(as: Int8.self) { $0.map(Double.init) }
    // Spelled out: `Double.init` of UInt64 would take it for a bit pattern.
    case .u64: withElements(as: UInt64.self) { $0.map { Double($0) } }
    case .u32: withElements(as: UInt32.self) { $0.map(Double.init) }
    case .u16: withElements(as: UInt16.self) { $0.map(Double.init) }
    case .u8: withElements(as: UInt8.self) { $0.map(Double.init) }
    case .boolean: withElements(as: UInt8.self) { $0.map { $0 == 0 ? 0 : 1 } }
    case .i4: nibbles { Double(Int8(bitPattern: $0 << 4) >> 4) }
    case .u4: nibbles { Double($0) }
    case .u1: bits { $0 ? 1 : 0 }
    case .string: preconditionFailure("strings are not numbers")
    }
  }

  /// The elements as f32: exact for every type of 16 bits or fewer.
  package var floats: [Float] {
    elementType == .f32 ? elements(as: Float.self) : doubles.map(Float.init)
  }

  /// The elements as integers, fractions dropped; nil when one does not fit or is not finite.
  package var integers: [Int]? {
    switch elementType {
    case .i64: withElements(as: Int64.self) { $0.map { Int($0) } }
    case .u64: withElements(as: UInt64.self) { exactIntegers($0) { Int(exactly: $0) } }
    case .string: nil
    default: exactIntegers(doubles) { Int(exactly: $0.rounded(.towardZero)) }
    }
  }

  private func exactIntegers<S: Sequence>(_ values: S, _ convert: (S.Element) -> Int?) -> [Int]? {
    var integers: [Int] = []
    integers.reserveCapacity(elementCount)
    for value in values {
      guard let integer = convert(value) else { return nil }
      integers.append(integer)
    }
    return integers
  }

  /// Two elements a byte, the first in the low half.
  private func nibbles(_ convert: (UInt8) -> Double) -> [Double] {
    withUnsafeBytes { bytes in
      (0..<elementCount).map { convert($0 % 2 == 0 ? bytes[$0 / 2] & 0x0F : bytes[$0 / 2] >> 4) }
    }
  }

  /// Eight elements a byte, the first in the highest bit.
  private func bits(_ convert: (Bool) -> Double) -> [Double] {
    withUnsafeBytes { bytes in (0..<elementCount).map { convert(bytes[$0 / 8] >> (7 - UInt8($0 % 8)) & 1 == 1) } }
  }

  /// Converts f64 values to `elementType`: floats round to nearest even, integers drop the fraction and saturate, and
  /// what is not a number becomes 0.
  package init(_ elementType: ElementType, _ shape: Shape, converting values: [Double]) {
    switch elementType {
    case .f64: self.init(elementType, shape, elements: values)
    case .f32: self.init(elementType, shape, elements: values.map(Float.init))
    case .f16: self.init(elementType, shape, elements: values.map { Float16($0) })
    case .bf16: self.init(elementType, shape, elements: values.map { Self.bfloat16(Float($0)) })
    case .i64: self.init(elementType, shape, elements: values.map { Self.saturated($0, Int64.self) })
    case .i32: self.init(elementType, shape, elements: values.map { Self.saturated($0, Int32.self) })
    case .i16: self.init(elementType, shape, elements: values.map { Self.saturated($0, Int16.self) })
    case .i8: self.init(elementType, shape, elements: values.map { Self.saturated($0, Int8.self) })
    case .u64: self.init(elementType, shape, elements: values.map { Self.saturated($0, UInt64.self) })
    case .u32: self.init(elementType, shape, elements: values.map { Self.saturated($0, UInt32.self) })
    case .u16: self.init(elementType, shape, elements: values.map { Self.saturated($0, UInt16.self) })
    case .u8: self.init(elementType, shape, elements: values.map { Self.saturated($0, UInt8.self) })
    case .boolean: self.init(elementType, shape, elements: values.map { $0 == 0 ? UInt8(0) : 1 })
    case .i4, .u4, .u1, .string: preconditionFailure("tensors of \(elementType) are only read")
    }
  }

  private static func saturated<T: FixedWidthInteger>(_ value: Double, _ type: T.Type) -> T {
    let whole = value.rounded(.towardZero)
    if whole.isNaN { return 0 }
    return T(exactly: whole) ?? (whole < 0 ? T.min : T.max)
  }

  /// The upper half of an f32, rounded to nearest even; NaN stays NaN.
  private static func bfloat16(_ value: Float) -> UInt16 {
    if value.isNaN { return 0x7FC0 }
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
