import Glibc

/// Why a file cannot be read: a sentence that begins with the path.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ path: String, _ finding: String) { description = "\(path): \(finding)" }
}

/// The bytes of a file, in place for as long as this object lives.
///
/// Sendable because nobody writes the bytes once they are there.
package final class FileContents: @unchecked Sendable {
  /// Larger files are refused: no model is nearly as large, and what claims to be is not a model.
  package static let maximumByteCount = 1 << 36

  private enum Backing {
    case mapping(UnsafeMutableRawPointer)
    case memory(UnsafeMutableRawPointer)
    case empty
  }

  private let backing: Backing
  private let count: Int

  /// Reads a whole regular file.
  ///
  /// Into memory of its own: were the file itself mapped, overwriting it in place, as `cp` does, would change or end
  /// (SIGBUS) the process that serves it.
  package init(path: String, maximumByteCount: Int = FileContents.maximumByteCount) throws(FileError) {
    // Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path, "cannot be opened: \(Self.systemMessage)") }
    defer { close(descriptor) }

    count = try Self.byteCount(of: descriptor, path: path, maximum: maximumByteCount)
    if count == 0 {
      backing = .empty
      return
    }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      throw FileError(path, "cannot be read: \(Self.systemMessage)")
    }
    do throws(FileError) {
      try Self.read(descriptor, into: UnsafeMutableRawBufferPointer(start: base, count: count), path: path)
    } catch {
      munmap(base, count)
      throw error
    }
    mprotect(base, count, PROT_READ)
    backing = .mapping(base)
  }

  private static func read(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, path: String
  ) throws(FileError) {
    var rest = buffer[...]
    while !rest.isEmpty {
      // Linux reads no more than 2 GiB at once.
      let count = Glibc.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path, "cannot be read: \(systemMessage)") }
      guard count > 0 else {
        throw FileError(path, "expected \(buffer.count) bytes, found \(buffer.count - rest.count): it has been cut off")
      }
      rest = rest.dropFirst(count)
    }
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
    let maximum = min(maximum, memoryByteCount)
    guard status.st_size <= maximum else {
      throw FileError(path, "expected at most \(maximum) bytes, found \(status.st_size)")
    }
    return Int(status.st_size)
  }

  /// A file that takes all of the machine's memory is refused before it does.
  private static var memoryByteCount: Int {
    let (bytes, isTooMany) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(
      by: sysconf(Int32(_SC_PAGESIZE)))
    return isTooMany || bytes <= 0 ? maximumByteCount : bytes
  }

  private static var systemMessage: String { String(cString: strerror(errno)) }
}
