import Glibc
import Testing

/// Bytes whose last one stands `slack` bytes before a page that faults: a kernel that reads or writes further dies.
final class GuardedMemory {
  private let pages: UnsafeMutableRawPointer
  private let pageBytes: Int
  let base: UnsafeMutableRawPointer
  let count: Int

  init(count: Int, slack: Int, filledWith byte: UInt8) throws {
    let page = Int(getpagesize())
    let usable = (count + slack + page - 1) / page * page
    pageBytes = usable + page
    let mapped = mmap(nil, pageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    pages = try #require(mapped != MAP_FAILED ? mapped : nil)
    try #require(mprotect(pages + usable, page, PROT_NONE) == 0)
    base = pages + usable - slack - count
    self.count = count
    memset(pages, Int32(byte), usable)
  }

  convenience init<Element: BitwiseCopyable>(_ values: [Element], slack: Int) throws {
    try self.init(count: values.count * MemoryLayout<Element>.stride, slack: slack, filledWith: 0xEE)
    values.withUnsafeBytes { base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count) }
  }

  deinit { munmap(pages, pageBytes) }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count)) }
}
