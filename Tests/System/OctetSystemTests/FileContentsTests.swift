import Glibc
import OctetSystem
import Testing

@Suite struct FileContentsTests {
  /// A path that no other test uses, removed when this goes out of use.
  private final class TemporaryPath {
    let path = "/tmp/octet-mapped-file-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"

    func write(_ bytes: [UInt8]) throws {
      let file = try #require(fopen(path, "w"))
      defer { fclose(file) }
      #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    deinit { unlink(path) }
  }

  private func contents(_ file: FileContents) -> [UInt8] { withExtendedLifetime(file) { Array(file.bytes) } }

  @Test func holdsTheBytesOfTheFile() throws {
    let temporary = TemporaryPath()
    try temporary.write([1, 2, 3])
    #expect(contents(try FileContents(path: temporary.path)) == [1, 2, 3])
  }

  @Test func keepsTheBytesOfAFileThatIsOverwritten() throws {
    let temporary = TemporaryPath()
    let bytes = [UInt8](repeating: 7, count: 100_000)
    try temporary.write(bytes)
    let file = try FileContents(path: temporary.path)
    try temporary.write([1])
    #expect(contents(file) == bytes)
  }

  @Test func anEmptyFileHasNoBytes() throws {
    let temporary = TemporaryPath()
    try temporary.write([])
    #expect(contents(try FileContents(path: temporary.path)).isEmpty)
  }

  @Test func bytesInMemoryReadTheSame() {
    #expect(contents(FileContents(bytes: [4, 5])) == [4, 5])
    #expect(contents(FileContents(bytes: [])).isEmpty)
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: FileError("/nonexistent/model.bin", "cannot be opened: No such file or directory")) {
      try FileContents(path: "/nonexistent/model.bin")
    }
  }

  @Test func onlyRegularFilesAreMapped() throws {
    #expect(throws: FileError("/tmp", "expected a regular file")) { try FileContents(path: "/tmp") }
    let pipe = TemporaryPath()
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect(throws: FileError(pipe.path, "expected a regular file")) { try FileContents(path: pipe.path) }
  }

  @Test func aFileAboveTheLimitIsRefused() throws {
    let temporary = TemporaryPath()
    try temporary.write([1, 2, 3])
    #expect(throws: FileError(temporary.path, "expected at most 2 bytes, found 3")) {
      try FileContents(path: temporary.path, maximumByteCount: 2)
    }
  }
}
