import Logging
import OctetServing
import OctetSystem

/// Triton's logging extension. The log is set up by the configuration; here it is only shown.
enum LogSettings {
  static func show(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse { HTTPResponse(json: .object(settings)) }

  static func update(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    try request.checkUnchanged(settings, advice: "change log.level and log.format in the configuration")
    return try show(request)
  }

  private static var settings: [JSONValue.Member] {
    let level = Logger(label: "octet.http").logLevel
    return [
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
    try request.checkUnchanged(settings, advice: "tracing is not supported; /metrics has the time of every layer")
    return try show(request)
  }
}

extension RouteRequest {
  /// Lets a body pass that leaves every setting as it is; null resets a setting, and so does that.
  fileprivate func checkUnchanged(_ settings: [JSONValue.Member], advice: String) throws(HTTPError) {
    for wanted in try controlMembers() where wanted.value != .null {
      guard let setting = settings.first(where: { $0.name == wanted.name }) else {
        throw .badRequest("there is no setting '\(wanted.name.prefix(64))'")
      }
      guard setting.value == wanted.value else {
        throw .badRequest("\(wanted.name) cannot be set while the server runs: \(advice)")
      }
    }
  }
}
