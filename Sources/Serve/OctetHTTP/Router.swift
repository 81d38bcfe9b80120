import OctetServing

/// What routes work with.
final class ServerContext: Sendable {
  let repository: ModelRepository
  let metrics: Metrics
  let options: HTTPServerOptions

  init(repository: ModelRepository, metrics: Metrics, options: HTTPServerOptions) {
    self.repository = repository
    self.metrics = metrics
    self.options = options
  }
}

/// What a path says in place of `{model}`, `{version}`, `{label}` and `{region}`.
struct PathParameters: Hashable, Sendable {
  var model: String?
  var version: Int?
  var label: String?
  var region: String?
}

/// A request that has found its route. A class, because many closures hold it.
final class RouteRequest: Sendable {
  let http: HTTPRequest
  let context: ServerContext
  let path: PathParameters

  init(http: HTTPRequest, context: ServerContext, path: PathParameters) {
    self.http = http
    self.context = context
    self.path = path
  }
}

/// One way of answering one path.
final class Route: Sendable {
  typealias Reply = @Sendable (HTTPResponse) -> Void

  enum Responder: Sendable {
    /// Answers at once, on the thread that serves the connection.
    case immediate(@Sendable (RouteRequest) throws(HTTPError) -> HTTPResponse)
    /// Answers later, from any thread, by calling `Reply` once.
    case deferred(@Sendable (RouteRequest, @escaping Reply) -> Void)
  }

  let method: String
  /// Such as `/v2/models/{model}/infer`.
  let path: String
  let segments: [PathSegment]
  let responder: Responder

  private init(_ method: String, _ path: String, _ responder: Responder) {
    self.method = method
    self.path = path
    segments = path.split(separator: "/").map(PathSegment.init)
    self.responder = responder
  }

  /// Whether one path only is meant.
  fileprivate var isLiteral: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  static func get(
    _ path: String, _ respond: @escaping @Sendable (RouteRequest) throws(HTTPError) -> HTTPResponse
  ) -> [Route] {
    expanded(path).map { Route("GET", $0, .immediate(respond)) }
  }

  static func post(
    _ path: String, _ respond: @escaping @Sendable (RouteRequest) throws(HTTPError) -> HTTPResponse
  ) -> [Route] {
    expanded(path).map { Route("POST", $0, .immediate(respond)) }
  }

  static func post(_ path: String, _ respond: @escaping @Sendable (RouteRequest, @escaping Reply) -> Void) -> [Route] {
    expanded(path).map { Route("POST", $0, .deferred(respond)) }
  }

  /// `a[b|c]d` ⇒ `ad`, `abd`, `acd`
  private static func expanded(_ path: String) -> [String] {
    guard let open = path.firstIndex(of: "["), let close = path.lastIndex(of: "]") else { return [path] }
    let choices = path[path.index(after: open)..<close].split(separator: "|")
    return ([""] + choices).map { String(path[..<open] + $0 + path[path.index(after: close)...]) }
  }
}

/// One segment of a route's path.
enum PathSegment: Hashable, Sendable {
  case literal(String)
  /// `{model}`, or `{model}:predict` with a suffix.
  case parameter(String, suffix: String)

  init(_ text: Substring) {
    if text.first == "{", let end = text.firstIndex(of: "}") {
      self = .parameter(
        String(text[text.index(after: text.startIndex)..<end]), suffix: String(text[text.index(after: end)...]))
    } else {
      self = .literal(String(text))
    }
  }

  /// Whether a segment of a request, decoded, can stand here.
  func fits(_ text: String) -> Bool {
    switch self {
    case .literal(let expected): text == expected
    case .parameter(_, let suffix): text.hasSuffix(suffix)
    }
  }

  /// Takes what a segment that fits says.
  ///
  /// - Throws: 404 for a model, version or label that cannot be.
  func read(_ text: String, into parameters: inout PathParameters) throws(HTTPError) {
    guard case .parameter(let name, let suffix) = self else { return }
    try parameters.set(name, to: String(text.dropLast(suffix.count)))
  }
}

extension PathParameters {
  fileprivate mutating func set(_ name: String, to text: String) throws(HTTPError) {
    switch name {
    case "model":
      guard ModelSource.isName(text) else { throw HTTPError(ServingError.unknownModel(String(text.prefix(64)))) }
      model = text
    case "version":
      guard let number = Int(text), number > 0 else {
        throw HTTPError(404, "'\(text.prefix(32))' is not a version; versions are numbers from 1 on")
      }
      version = number
    default:
      guard ModelSource.isName(text) else {
        throw HTTPError(404, "'\(text.prefix(32))' is no \(name); those are made of letters, digits, '_', '.' and '-'")
      }
      if name == "label" { label = text } else { region = text }
    }
  }
}

/// Finds the route of a request.
struct Router: Sendable {
  /// Every path that the server answers. Where two fit, the first does.
  static let standard = Router(
    routes: [
      Route.get("/", StatusPage.respond),
      Route.get("/metrics", MetricsRoute.respond),
      Route.get("/openapi.json", OpenAPI.respond),
      Route.get("/health/live", Health.live),
      Route.get("/health/ready", Health.ready),
      Route.post("/infer", Infer.respond),

      // Open Inference Protocol
      Route.get("/v2", Metadata.server),
      Route.get("/v2/health/live", Health.live),
      Route.get("/v2/health/ready", Health.ready),
      Route.get("/v2/models/stats", Statistics.server),
      Route.get("/v2/models/{model}[/versions/{version}]", Metadata.model),
      Route.get("/v2/models/{model}[/versions/{version}]/ready", Health.modelReady),
      Route.post("/v2/models/{model}[/versions/{version}]/infer", Infer.respond),

      // TensorFlow Serving
      Route.get("/v1/models/{model}[/versions/{version}|/labels/{label}]", ModelStatus.respond),
      Route.get("/v1/models/{model}[/versions/{version}|/labels/{label}]/metadata", SignatureMetadata.respond),
      Route.post("/v1/models/{model}:predict", Predict.respond),
      Route.post("/v1/models/{model}/versions/{version}:predict", Predict.respond),
      Route.post("/v1/models/{model}/labels/{label}:predict", Predict.respond),

      // Triton's extensions of it
      Route.get("/v2/models/{model}[/versions/{version}]/config", ModelConfiguration.respond),
      Route.get("/v2/models/{model}[/versions/{version}]/stats", Statistics.model),
      Route.post("/v2/repository/index", Repository.index),
      Route.post("/v2/repository/models/{model}/load", Repository.load),
      Route.post("/v2/repository/models/{model}/unload", Repository.unload),
      Route.get("/v2/logging", LogSettings.show),
      Route.post("/v2/logging", LogSettings.update),
      Route.get("/v2[/models/{model}]/trace/setting", TraceSettings.show),
      Route.post("/v2[/models/{model}]/trace/setting", TraceSettings.update),
      Route.get("/v2/systemsharedmemory[/region/{region}]/status", SharedMemory.status),
      Route.post("/v2/systemsharedmemory/region/{region}/register", SharedMemory.register),
      Route.post("/v2/systemsharedmemory[/region/{region}]/unregister", SharedMemory.unregister),
      Route.get("/v2/cudasharedmemory[/region/{region}]/status", SharedMemory.status),
      Route.post("/v2/cudasharedmemory/region/{region}/register", SharedMemory.register),
      Route.post("/v2/cudasharedmemory[/region/{region}]/unregister", SharedMemory.unregister),
    ].flatMap { $0 })

  let routes: [Route]
  /// Those without parameters, by method and path: most requests ask for one of these.
  private let literals: [String: [String: Route]]

  init(routes: [Route]) {
    self.routes = routes
    let literals = Dictionary(grouping: routes.filter(\.isLiteral), by: \.method)
    self.literals = literals.mapValues { Dictionary($0.map { ($0.path, $0) }) { first, _ in first } }
  }

  /// - Throws: 404 for a path that nothing answers, 405 for a method that the path does not have.
  func match(method: String, path: String) throws(HTTPError) -> (route: Route, parameters: PathParameters) {
    // HEAD is GET without the body, which libmicrohttpd leaves out.
    let method = method == "HEAD" ? "GET" : method
    if let route = literals[method]?[path] { return (route, PathParameters()) }
    return try search(method: method, path: path)
  }

  private func search(method: String, path: String) throws(HTTPError) -> (route: Route, parameters: PathParameters) {
    // Decoded only after splitting, so that an escaped slash stays part of its segment.
    var segments: [String] = []
    for segment in path.utf8.split(separator: UInt8(ascii: "/")) {
      guard let segment = Self.percentDecoded(Substring(segment)) else {
        throw .badRequest("the path is not properly escaped")
      }
      segments.append(segment)
    }
    var allowed: [String] = []
    var refusal: HTTPError?
    for route in routes where route.segments.count == segments.count {
      do throws(HTTPError) {
        guard let parameters = try Self.parameters(of: route, in: segments) else { continue }
        if route.method == method { return (route, parameters) }
        allowed.append(route.method)
      } catch {
        refusal = refusal ?? error
      }
    }
    guard allowed.isEmpty else {
      let allow = Set(allowed).sorted().map { $0 == "GET" ? "GET, HEAD" : $0 }.joined(separator: ", ")
      throw HTTPError(405, "this path has no method '\(method.prefix(32))'", allow: allow)
    }
    throw refusal ?? HTTPError(404, "there is nothing at this path")
  }

  private static func parameters(of route: Route, in segments: [String]) throws(HTTPError) -> PathParameters? {
    // What names are worth is only asked once everything around them fits.
    guard zip(route.segments, segments).allSatisfy({ $0.fits($1) }) else { return nil }
    var parameters = PathParameters()
    for (pattern, segment) in zip(route.segments, segments) { try pattern.read(segment, into: &parameters) }
    return parameters
  }

  /// The text behind `%41` escapes, or nil when an escape is cut short, stands for a zero byte or gives no UTF-8.
  static func percentDecoded(_ text: Substring) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let first = rest.popFirst() {
      guard first == UInt8(ascii: "%") else {
        bytes.append(first)
        continue
      }
      let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
      guard digits.count == 2 else { return nil }
      rest = rest.dropFirst(2)
      bytes.append(UInt8(digits[0] * 16 + digits[1]))
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}
