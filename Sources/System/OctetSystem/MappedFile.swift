import Glibc

/// Why a file cannot be read: a sentence that begins with the path.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ path: String, _ finding: String) { description = "\(path): \(finding)" }
}

/// The bytes of a file, in place for as long as this object lives.
///
/// Sendable because nobody writes the bytes: the mapping is private and read-only, and memory of its own is filled before
/// anybody sees it.
package final class MappedFile: @unchecked Sendable {
  /// Larger files are refused: no model is nearly as large, and what claims to be is not a model.
  package static let maximumByteCount = 1 << 36

  private enum Backing {
    case mapping(UnsafeMutableRawPointer)
    case memory(UnsafeMutableRawPointer)
    case empty
  }

  private let backing: Backing
  private let count: Int

  /// Maps a whole regular file.
  package init(path: String, maximumByteCount: Int = MappedFile.maximumByteCount) throws(FileError) {
    // Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path, "cannot be opened: \(Self.systemMessage)") }
    defer { close(descriptor) }

    count = try Self.byteCount(of: descriptor, path: path, maximum: maximumByteCount)
    if count == 0 {
      backing = .empty
      return
    }
    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw FileError(path, "cannot be mapped: \(Self.systemMessage)")
    }
    backing = .mapping(base)
  }

  /// A copy of bytes that are in memory already, such as those of an embedded model.
  package init(bytes: [UInt8]) {
    count = bytes.count
    if bytes.isEmpty {
      backing = .empty
      return
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    memory.copyBytes(from: bytes)
    backing = memory.baseAddress.map(Backing.memory) ?? .empty
  }

  deinit {
    switch backing {
    case .mapping(let base): munmap(base, count)
    case .memory(let base): base.deallocate()
    case .empty: break
    }
  }

  /// Valid while this object lives; whoever keeps the pointer keeps the object.
  package var bytes: UnsafeRawBufferPointer {
    switch backing {
    case .mapping(let base), .memory(let base): UnsafeRawBufferPointer(start: base, count: count)
    case .empty: UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }

  private static func byteCount(of descriptor: Int32, path: String, maximum: Int) throws(FileError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path, "cannot be examined: \(systemMessage)") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "expected a regular file") }
    guard status.st_size <= maximum else {
      throw FileError(path, "expected at most \(maximum) bytes, found \(status.st_size)")
    }
    return Int(status.st_size)
  }

  private static var systemMessage: String { String(cString: strerror(errno)) }
}
