import Glibc
package import Logging
import Synchronization

/// What is less grave than this is not logged, by any logger that has no level of its own.
package enum LogThreshold {
  private static let place = Atomic(2)

  /// It may change at any time.
  package static var current: Logger.Level {
    get { Logger.Level.allCases[place.load(ordering: .relaxed)] }
    set { place.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 2, ordering: .relaxed) }
  }
}

/// How a log line looks.
package enum LogFormat: String, CaseIterable, Sendable {
  /// `2026-01-31T12:00:00.000Z info  octet.http: message key=value`
  case text
  /// One JSON object a line.
  case json
}

/// Writes log lines to standard error, each with a single call so that lines of several threads stay whole.
package struct StandardErrorLogHandler: LogHandler {
  package var logLevel: Logger.Level {
    get { ownLevel ?? LogThreshold.current }
    set { ownLevel = newValue }
  }

  package var metadata: Logger.Metadata = [:]
  private let label: String
  private let format: LogFormat
  private var ownLevel: Logger.Level?

  package init(label: String, format: LogFormat) {
    self.label = label
    self.format = format
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.map { ($0, "\($1)") }.sorted { $0.0 < $1.0 }
    let line = LogLine(
      time: Timestamp.now, level: event.level, label: label, message: event.message.description, fields: fields)
    var bytes = Array(line.formatted(as: format).utf8)
    bytes.append(UInt8(ascii: "\n"))
    // A log line that cannot be written has no better place to be reported.
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// What a log line says, apart from where it goes.
struct LogLine {
  let time: Timestamp
  let level: Logger.Level
  let label: String
  let message: String
  let fields: [(key: String, value: String)]

  func formatted(as format: LogFormat) -> String {
    switch format {
    case .text: text
    case .json: json
    }
  }

  private var text: String {
    let level = level.rawValue + String(repeating: " ", count: max(0, 7 - level.rawValue.count))
    let fields = fields.map { " \($0.key)=\(Self.oneLine($0.value))" }.joined()
    return "\(time) \(level) \(label): \(Self.oneLine(message))\(fields)"
  }

  private var json: String {
    let members = [
      ("time", time.description), ("level", level.rawValue), ("logger", label), ("message", message),
    ]
    return "{" + (members + fields).map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}"
  }

  /// Control characters become spaces: what a client sends must not start a line of its own or move the cursor.
  private static func oneLine(_ value: String) -> String {
    String(String.UnicodeScalarView(value.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }

  private static func quoted(_ value: String) -> String {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\u{0}"..<"\u{20}", "\u{7F}"..."\u{9F}": quoted += "\\u" + hexadecimal(scalar.value)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

/// A point in time, printed as RFC 3339 in UTC with milliseconds.
struct Timestamp: CustomStringConvertible {
  let seconds: Int
  let milliseconds: Int

  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
  }

  var description: String {
    var seconds = time_t(seconds)
    var calendar = tm()
    gmtime_r(&seconds, &calendar)
    let date = "\(calendar.tm_year + 1900)-\(Self.padded(calendar.tm_mon + 1))-\(Self.padded(calendar.tm_mday))"
    let clock = "\(Self.padded(calendar.tm_hour)):\(Self.padded(calendar.tm_min)):\(Self.padded(calendar.tm_sec))"
    return "\(date)T\(clock).\(Self.padded(Int32(milliseconds), to: 3))Z"
  }

  private static func padded(_ value: Int32, to width: Int = 2) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
