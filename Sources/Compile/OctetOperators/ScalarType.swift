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
    case .i32: base.assumingMemoryBound(to: Int32.self)[index] = Tensor.saturated(value, Int32.self)
    case .i64: base.assumingMemoryBound(to: Int64.self)[index] = Tensor.saturated(value, Int64.self)
    case .u8: base.assumingMemoryBound(to: UInt8.self)[index] = Tensor.saturated(value, UInt8.self)
    case .boolean: base.assumingMemoryBound(to: UInt8.self)[index] = value == 0 ? 0 : 1
    }
  }

  func loadInteger(_ base: UnsafeRawPointer, _ index: Int) -> Int64 {
    switch self {
    case .i64: base.assumingMemoryBound(to: Int64.self)[index]
    case .i32: Int64(base.assumingMemoryBound(to: Int32.self)[index])
    case .u8, .boolean: Int64(base.assumingMemoryBound(to: UInt8.self)[index])
    case .f32: Tensor.saturated(load(base, index), Int64.self)
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
}
