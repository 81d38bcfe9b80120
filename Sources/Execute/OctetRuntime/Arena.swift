/// The activation memory of one executor. Every intermediate tensor of a plan is an offset into it.
struct Arena: ~Copyable {
  /// Kernels may read this far past the last byte of a tensor.
  private static let slack = 256

  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    base = .allocate(byteCount: byteCount + Self.slack, alignment: 64)
    // Zeroed so that a read past a tensor's end never meets memory that was not written.
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + Self.slack)
    self.byteCount = byteCount
  }

  deinit { base.deallocate() }
}
