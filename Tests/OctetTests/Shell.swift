import Glibc
import OctetSystem

/// Commands of the system.
enum Shell {
  /// What a command writes to standard output, and its exit status.
  static func run(_ command: String) throws -> (output: String, status: Int32) {
    guard let pipe = popen(command, "r") else { throw SystemError("start \(command)") }
    var output: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&bytes, 1, bytes.count, pipe)
      guard count > 0 else { break }
      output += bytes[..<count]
    }
    return (String(decoding: output, as: UTF8.self), pclose(pipe) >> 8)
  }
}
