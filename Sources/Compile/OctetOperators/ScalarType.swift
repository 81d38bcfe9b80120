import OctetTensor

/// The element types of which kernels take one value at a time.
enum ScalarType {
  case f32, i32, i64, u8, boolean

  init?(_ type: ElementType) {
    switch type {
    case .f32: self = .f32
    case .i32: self = .i32
    case .i64: self = .i64
    case .u8: self = .u8
    case .boolean: self = .boolean
    default: return nil
    }
  }

  func load(_ base: UnsafeRawPointer, _ index: Int) -> Double {
    switch self {
    case .f32: Double(base.assumingMemoryBound(to: Float.self)[index])
    case .i32: Double(base.assumingMemoryBound(to: Int32.self)[index])
    case .i64: Double(base.assumingMemoryBound(to: Int64.self)[index])
    case .u8, .boolean: Double(base.assumingMemoryBound(to: UInt8.self)[index])
    }
  }

  /// The nearest value that the type has; fractions are dropped.
  func store(_ value: Double, _ base: UnsafeMutableRawPointer, _ index: Int) {
    switch self {
    case .f32: base.assumingMemoryBound(to: Float.self)[index] = Float(value)
    case .i32: base.assumingMemoryBound(to: Int32.self)[index] = Int32(Self.within(value, -0x1p31, 0x1p31 - 1))
    case .i64: base.assumingMemoryBound(to: Int64.self)[index] = Self.integer(value)
    case .u8: base.assumingMemoryBound(to: UInt8.self)[index] = UInt8(Self.within(value, 0, 255))
    case .boolean: base.assumingMemoryBound(to: UInt8.self)[index] = value == 0 ? 0 : 1
    }
  }

  func loadInteger(_ base: UnsafeRawPointer, _ index: Int) -> Int64 {
    switch self {
    case .i64: base.assumingMemoryBound(to: Int64.self)[index]
    case .i32: Int64(base.assumingMemoryBound(to: Int32.self)[index])
    case .u8, .boolean: Int64(base.assumingMemoryBound(to: UInt8.self)[index])
    case .f32: Self.integer(load(base, index))
    }
  }

  /// The low bits of the value.
  func store(_ value: Int64, _ base: UnsafeMutableRawPointer, _ index: Int) {
    switch self {
    case .f32: base.assumingMemoryBound(to: Float.self)[index] = Float(value)
    case .i32: base.assumingMemoryBound(to: Int32.self)[index] = Int32(truncatingIfNeeded: value)
    case .i64: base.assumingMemoryBound(to: Int64.self)[index] = value
    case .u8, .boolean: base.assumingMemoryBound(to: UInt8.self)[index] = UInt8(truncatingIfNeeded: value)
    }
  }

  /// The bound that a value is beyond; 0 for what is not a number.
  private static func within(_ value: Double, _ low: Double, _ high: Double) -> Double {
    value.isNaN ? 0 : max(low, min(value, high))
  }

  private static func integer(_ value: Double) -> Int64 {
    // The largest integer is no f64.
    value >= 0x1p63 ? .max : Int64(within(value, -0x1p63, 0x1p63 - 1024))
  }
}
