/// Zeroed memory with an address that does not move, aligned to a cache line: what a plan's pointers point to.
struct KernelMemory: ~Copyable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    base = .allocate(byteCount: max(1, byteCount), alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    self.byteCount = byteCount
  }

  /// The elements of an array, and `slack` zeroed bytes behind them.
  init<Element: BitwiseCopyable>(_ elements: [Element], slack: Int = 0) {
    let byteCount = elements.count * MemoryLayout<Element>.stride
    self.init(byteCount: byteCount + slack)
    elements.withUnsafeBytes { base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: byteCount) }
  }

  deinit { base.deallocate() }

  /// Room for `count` elements that begin at the start.
  func elements<Element: BitwiseCopyable>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
    base.assumingMemoryBound(to: type)
  }
}
