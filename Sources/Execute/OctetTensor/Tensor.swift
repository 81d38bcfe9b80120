/// A dense row-major tensor.
package struct Tensor: Sendable {
  package let elementType: ElementType
  package let shape: Shape
  package private(set) var storage: TensorStorage

  /// All zeros. The caller has checked that the byte count is representable; shapes are capped so that it is.
  package init(_ elementType: ElementType, _ shape: Shape) {
    self.elementType = elementType
    self.shape = shape
    storage = TensorStorage(byteCount: Self.byteCount(elementType, shape))
  }

  /// A view of bytes that `storage` owns; nil when they are not exactly as many as the type and shape need.
  package init?(_ elementType: ElementType, _ shape: Shape, storage: TensorStorage) {
    guard storage.byteCount == elementType.byteCount(of: shape.elementCount) else { return nil }
    self.elementType = elementType
    self.shape = shape
    self.storage = storage
  }

  private init(sharing storage: TensorStorage, _ elementType: ElementType, _ shape: Shape) {
    self.elementType = elementType
    self.shape = shape
    self.storage = storage
  }

  private static func byteCount(_ elementType: ElementType, _ shape: Shape) -> Int {
    guard let count = elementType.byteCount(of: shape.elementCount) else {
      preconditionFailure("a tensor of \(elementType)\(shape) has no byte count")
    }
    return count
  }

  package var type: TensorType { TensorType(elementType, shape) }
  package var elementCount: Int { shape.elementCount }
  package var byteCount: Int { storage.byteCount }

  /// The same elements under another shape of the same element count.
  package func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.elementCount == elementCount, "\(self.shape) cannot be reshaped to \(shape)")
    return Tensor(sharing: storage, elementType, shape)
  }
}

// MARK: - Elements

extension Tensor {
  package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    let result = try body(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount))
    withExtendedLifetime(storage) {}
    return result
  }

  /// Gives write access; copies first when the bytes are shared.
  package mutating func withUnsafeMutableBytes<R, E: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    if !storage.isOwned || !isKnownUniquelyReferenced(&storage) {
      let copy = TensorStorage(byteCount: storage.byteCount)
      copy.base.copyMemory(from: storage.base, byteCount: storage.byteCount)
      storage = copy
    }
    return try body(UnsafeMutableRawBufferPointer(start: storage.base, count: storage.byteCount))
  }

  /// Reads elements as a Swift type of the same width. Constants of an IR need not be aligned: an unaligned view is
  /// copied first.
  package func withElements<Element: BitwiseCopyable, R, E: Error>(
    as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws(E) -> R
  ) throws(E) -> R {
    precondition(MemoryLayout<Element>.size * 8 == elementType.bitWidth, "\(elementType) read as \(type)")
    guard Int(bitPattern: storage.base) % MemoryLayout<Element>.alignment == 0 else {
      return try aligned().withElements(as: type, body)
    }
    return try withUnsafeBytes { (bytes) throws(E) in try body(bytes.bindMemory(to: type)) }
  }

  package mutating func withMutableElements<Element: BitwiseCopyable, R, E: Error>(
    as type: Element.Type, _ body: (UnsafeMutableBufferPointer<Element>) throws(E) -> R
  ) throws(E) -> R {
    precondition(MemoryLayout<Element>.size * 8 == elementType.bitWidth, "\(elementType) written as \(type)")
    return try withUnsafeMutableBytes { (bytes) throws(E) in try body(bytes.bindMemory(to: type)) }
  }

  private func aligned() -> Tensor {
    var copy = Tensor(elementType, shape)
    withUnsafeBytes { source in copy.withUnsafeMutableBytes { $0.copyMemory(from: source) } }
    return copy
  }

  package init<Element: BitwiseCopyable>(_ elementType: ElementType, _ shape: Shape, elements: [Element]) {
    precondition(elements.count == shape.elementCount, "\(elements.count) elements for \(shape)")
    self.init(elementType, shape)
    withMutableElements(as: Element.self) { _ = $0.update(from: elements) }
  }

  package func elements<Element: BitwiseCopyable>(as type: Element.Type = Element.self) -> [Element] {
    withElements(as: type) { Array($0) }
  }
}
