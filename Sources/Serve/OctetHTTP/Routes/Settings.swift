import Logging
import OctetServing
import OctetSystem

/// Triton's logging extension. How much is logged can be changed while the server runs; where to and in which format is
/// up to the configuration.
enum LogSettings {
  static func show(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    HTTPResponse(json: .object(settings(at: LogThreshold.current)))
  }

  static func update(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let current = settings(at: LogThreshold.current)
    let wanted = try request.changes(of: current)
    if !wanted.isEmpty {
      try request.checkChangesAreAllowed()
      LogThreshold.current = try threshold(LogThreshold.current, changedBy: wanted)
    }
    return try show(request)
  }

  /// The level that logs what the settings ask for. Levels are a scale: what is less grave than anything wanted is not
  /// logged.
  static func threshold(
    _ level: Logger.Level, changedBy wanted: [JSONValue.Member]
  ) throws(HTTPError) -> Logger.Level {
    var choices = ["log_error": level <= .error, "log_warning": level <= .warning, "log_info": level <= .info]
    var verbosity: Int64 = level <= .trace ? 2 : level <= .debug ? 1 : 0
    for member in wanted {
      switch (member.name, member.value) {
      case ("log_error", .boolean(let isWanted)), ("log_warning", .boolean(let isWanted)),
        ("log_info", .boolean(let isWanted)):
        choices[member.name] = isWanted
      case ("log_verbose_level", .integer(let number)) where number >= 0: verbosity = number
      case ("log_file", _), ("log_format", _):
        throw .badRequest("\(member.name) cannot be set while the server runs: change log in the configuration")
      case ("log_error", _), ("log_warning", _), ("log_info", _):
        throw .badRequest("\(member.name): expected true or false")
      case ("log_verbose_level", _):
        throw .badRequest("log_verbose_level: expected a whole number that is not negative")
      default: throw .unknownSetting(member.name)
      }
    }
    if verbosity > 0 { return verbosity > 1 ? .trace : .debug }
    if choices["log_info"] == true { return .info }
    if choices["log_warning"] == true { return .warning }
    return choices["log_error"] == true ? .error : .critical
  }

  private static func settings(at level: Logger.Level) -> [JSONValue.Member] {
    [
      JSONValue.Member(name: "log_file", value: .string("")),
      JSONValue.Member(name: "log_info", value: .boolean(level <= .info)),
      JSONValue.Member(name: "log_warning", value: .boolean(level <= .warning)),
      JSONValue.Member(name: "log_error", value: .boolean(level <= .error)),
      JSONValue.Member(name: "log_verbose_level", value: .integer(level <= .trace ? 2 : level <= .debug ? 1 : 0)),
      JSONValue.Member(name: "log_format", value: .string("default")),
    ]
  }
}

/// Triton's trace extension. Nothing is traced: `/metrics` has the time of every layer.
enum TraceSettings {
  private static let settings = [
    JSONValue.Member(name: "trace_level", value: .array([.string("OFF")])),
    JSONValue.Member(name: "trace_rate", value: .string("1000")),
    JSONValue.Member(name: "trace_count", value: .string("-1")),
    JSONValue.Member(name: "log_frequency", value: .string("0")),
    JSONValue.Member(name: "trace_file", value: .string("")),
    JSONValue.Member(name: "trace_mode", value: .string("triton")),
  ]

  static func show(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    if request.path.model != nil { _ = try request.entry() }
    return HTTPResponse(json: .object(settings))
  }

  static func update(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    if let wanted = try request.changes(of: settings).first {
      throw .badRequest(
        "\(wanted.name) cannot be set: tracing is not supported; /metrics has the time of every layer")
    }
    return try show(request)
  }
}

extension RouteRequest {
  /// What the body asks for that is not so already. Null resets a setting, and is no change either.
  ///
  /// - Throws: 400 for a setting that there is not.
  fileprivate func changes(of settings: [JSONValue.Member]) throws(HTTPError) -> [JSONValue.Member] {
    let wanted = try controlMembers()
    for member in wanted where !settings.contains(where: { $0.name == member.name }) {
      throw .unknownSetting(member.name)
    }
    return wanted.filter { $0.value != .null && !settings.contains($0) }
  }
}

extension HTTPError {
  fileprivate static func unknownSetting(_ name: String) -> HTTPError {
    .badRequest("there is no setting '\(name.prefix(64))'")
  }
}
