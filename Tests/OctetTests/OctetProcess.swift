import Glibc
import OctetSystem
import OctetTestSupport

/// The built `octet`, as its users start it. What it says on standard error is kept.
final class OctetProcess {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let identifier: pid_t
  private let errors: Int32
  private(set) var said = ""
  private var hasEnded = false

  /// Stands beside the test bundle.
  private static var executable: String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(decoding: path.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    // Tests may run in a helper of the toolchain; then the bundle's path is among its arguments.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? own
    return (bundle.lastIndex(of: "/").map { bundle[...$0] } ?? "") + "octet"
  }

  /// - Parameters:
  ///   - output: a file that takes standard output.
  ///   - socket: one that listens, and is handed over as systemd does it: sd_listen_fds(3).
  init(_ arguments: [String], output: String? = nil, handing socket: Int32? = nil) throws {
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw SystemError("make a pipe") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO)
    posix_spawn_file_actions_addclose(&actions, pipes[0])
    if let output { posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_TRUNC, 0o600) }
    if let socket { posix_spawn_file_actions_adddup2(&actions, socket, 3) }
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Only the process itself knows its number.
    let handing = ["/bin/sh", "-c", #"LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@""#]
    let command = (socket == nil ? [] : handing) + [Self.executable] + arguments
    var words = command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var identifier: pid_t = 0
    let result = posix_spawn(&identifier, command[0], &actions, nil, &words, environ)
    close(pipes[1])
    guard result == 0 else {
      close(pipes[0])
      throw SystemError("start \(Self.executable)", code: result)
    }
    self.identifier = identifier
    errors = pipes[0]
  }

  deinit {
    if !hasEnded {
      kill(identifier, SIGKILL)
      waitpid(identifier, nil, 0)
    }
    close(errors)
  }

  func send(_ signal: Int32) { kill(identifier, signal) }

  /// Reads on until standard error holds `text`.
  func waitFor(_ text: String, occurrences: Int = 1) throws {
    while said.ranges(of: text).count < occurrences {
      guard try readMore() else { throw Failure(description: "octet ended without '\(text)'; it said: \(said)") }
    }
  }

  /// The port that it says it listens on.
  func port() throws -> UInt16 {
    try waitFor("listening ")
    while !said.contains(/port=\d+\s/) { guard try readMore() else { break } }
    guard let match = said.firstMatch(of: /port=(\d+)/), let port = UInt16(match.1) else {
      throw Failure(description: "octet says no port: \(said)")
    }
    return port
  }

  /// Waits for the end; the exit code, or the negative signal that ended it.
  func wait() throws -> Int32 {
    while try readMore() {}
    var status: Int32 = 0
    waitpid(identifier, &status, 0)
    hasEnded = true
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : -signal
  }

  private func readMore() throws -> Bool {
    var ready = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, 60_000) > 0 else {
      throw Failure(description: "octet is silent for a minute; it said: \(said)")
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(errors, &bytes, bytes.count)
    guard count > 0 else { return false }
    said += String(decoding: bytes[..<count], as: UTF8.self)
    return true
  }
}

/// A file that is gone with the test.
final class TemporaryFile {
  let path: String

  init(_ text: String) throws {
    var template = Array("/tmp/octet-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError("make a temporary file") }
    close(descriptor)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    try write(text)
  }

  deinit { unlink(path) }

  func write(_ text: String) throws {
    guard let file = fopen(path, "w") else { throw SystemError("write \(path)") }
    fputs(text, file)
    fclose(file)
  }
}
