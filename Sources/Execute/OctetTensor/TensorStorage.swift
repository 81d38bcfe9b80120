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

  /// Zeroed memory, aligned to a cache line.
  package init(byteCount: Int) {
    base = .allocate(byteCount: byteCount + Self.slack, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + Self.slack)
    self.byteCount = byteCount
    owner = nil
  }

  /// Bytes that `owner` keeps in place, such as a part of a file. They are never written.
  package init(viewing bytes: UnsafeRawBufferPointer, keeping owner: AnyObject) {
    base = UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped)
    byteCount = bytes.count
    self.owner = owner
  }

  deinit {
    if owner == nil { base.deallocate() }
  }

  var isOwned: Bool { owner == nil }
}
