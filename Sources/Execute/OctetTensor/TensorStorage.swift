/// Bytes with an address that does not move: memory of its own, or part of something that is kept alive with it.
///
/// Sendable because the bytes are written only before the storage is shared: by the closure that makes it, or by the
/// one owner that `isKnownUniquelyReferenced` vouches for.
package final class TensorStorage: @unchecked Sendable {
  /// Kernels may read up to this many bytes past the end; memory of our own is that much longer.
  package static let slack = 64

  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  private let owner: AnyObject?
  /// The block in which `base` stands, of memory of our own.
  private let block: UnsafeMutableRawPointer?

  /// Zeroed memory, aligned to a cache line: rounded up in a plain block, which allocators give more quickly than an
  /// aligned one.
  package init(byteCount: Int) {
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount + Self.slack + 63, alignment: 1)
    self.block = block
    base = block.alignedUp(toMultipleOf: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + Self.slack)
    self.byteCount = byteCount
    owner = nil
  }

  /// Bytes that `owner` keeps in place, such as a part of a file. They are never written.
  package init(viewing bytes: UnsafeRawBufferPointer, keeping owner: AnyObject) {
    base = UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped)
    byteCount = bytes.count
    self.owner = owner
    block = nil
  }

  deinit {
    block?.deallocate()
  }

  var isOwned: Bool { block != nil }
}
