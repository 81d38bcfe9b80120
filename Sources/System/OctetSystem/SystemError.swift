import Glibc

/// A refusal of the operating system, in a sentence: what was attempted, and the reason it gave.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  package let attempt: String
  package let code: Int32

  package init(_ attempt: String, code: Int32 = errno) {
    self.attempt = attempt
    self.code = code
  }

  package var description: String { "cannot \(attempt): \(String(cString: strerror(code)))" }
}
