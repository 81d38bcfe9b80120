#if canImport(Glibc)
  import Glibc
#endif

/// Why a command cannot go on, as one sentence, with the exit code of sysexits.h.
struct CommandError: Error, CustomStringConvertible {
  enum Code: Int32 {
    case usage = 64
    case badData = 65
    case addressTaken = 69
    case ourBug = 70
  }

  let code: Code
  let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}

enum StandardError {
  static func write(_ line: String) { put(line + "\n") }

  /// Overwrites the current line of a terminal; does nothing elsewhere.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    put("\r\u{1B}[K" + text)
  }

  private static func put(_ text: String) {
    let bytes = Array(text.utf8)
    // Nothing is left to do when even the error stream cannot be written.
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
