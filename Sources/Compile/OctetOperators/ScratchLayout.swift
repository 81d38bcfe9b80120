/// How the scratch memory of a primitive is divided.
struct ScratchLayout {
  /// Room for values of one type.
  struct Part<Element: BitwiseCopyable> {
    fileprivate let offset: Int

    func callAsFunction(in scratch: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Element> {
      (scratch + offset).assumingMemoryBound(to: Element.self)
    }
  }

  private(set) var byteCount = 0

  /// Room for `count` values, at a multiple of 64 bytes.
  mutating func room<Element: BitwiseCopyable>(_ count: Int) -> Part<Element> {
    defer { byteCount = (byteCount + count * MemoryLayout<Element>.stride + 63) & ~63 }
    return Part(offset: byteCount)
  }
}
