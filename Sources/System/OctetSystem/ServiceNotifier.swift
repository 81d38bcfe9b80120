import Glibc

/// Tells systemd how the service is doing: datagrams to `$NOTIFY_SOCKET`, as sd_notify(3) describes them.
/// Without that variable every message goes nowhere.
package struct ServiceNotifier: Sendable {
  package enum Message: Sendable {
    case ready
    /// One line for `systemctl status`.
    case status(String)
    case reloading
    case stopping
    /// The service has made progress since the last one.
    case watchdog
    /// Starting, reloading or stopping needs this much longer, in whole seconds.
    case extendTimeout(Duration)

    var assignments: String {
      switch self {
      case .ready: "READY=1"
      case .status(let text): "STATUS=\(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
      // Type=notify-reload matches the reload to its signal by this time stamp.
      case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)"
      case .stopping: "STOPPING=1"
      case .watchdog: "WATCHDOG=1"
      case .extendTimeout(let duration): "EXTEND_TIMEOUT_USEC=\(duration.components.seconds)000000"
      }
    }

    private static var monotonicMicroseconds: Int {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
  }

  private let socketPath: String?
  /// How often the service has to report progress, or nil when nobody waits for it.
  package let watchdogInterval: Duration?

  package init(environment: (String) -> String? = environmentVariable, processIdentifier: Int32 = getpid()) {
    socketPath = environment("NOTIFY_SOCKET")
    let isForAnother = environment("WATCHDOG_PID").map { $0 != String(processIdentifier) } ?? false
    // A day is more than any watchdog waits, and far from where arithmetic with time ends.
    let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) }.map { min(max(1, $0), 86_400_000_000) }
    watchdogInterval = isForAnother ? nil : microseconds.map { .microseconds($0) }
  }

  /// Sends the messages in one datagram.
  package func send(_ messages: Message...) {
    guard let socketPath, let (address, length) = Self.address(of: socketPath) else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let text = Array(messages.map(\.assignments).joined(separator: "\n").utf8)
    _ = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), generic, length)
      }
    }
  }

  /// A leading `@` stands for the abstract namespace, whose names begin with a zero byte.
  private static func address(of path: String) -> (sockaddr_un, socklen_t)? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    guard let first = name.first, name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    if first == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    return (address, socklen_t(MemoryLayout<sa_family_t>.size + name.count))
  }
}

/// A variable of the process's environment.
package func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}
