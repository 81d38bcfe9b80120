import OctetServing

/// What routes work with.
struct ServerContext: Sendable {
  let repository: ModelRepository
  let metrics: Metrics
}

/// A request that has found its route.
struct RouteRequest: Sendable {
  let http: HTTPRequest
  let context: ServerContext
  /// The model and version that the path names.
  let model: String?
  let version: Int?
}

/// One way of answering one path.
struct Route: Sendable {
  typealias Reply = @Sendable (HTTPResponse) -> Void

  enum Responder: Sendable {
    /// Answers at once, on the thread that serves all connections.
    case immediate(@Sendable (RouteRequest) throws(HTTPError) -> HTTPResponse)
    /// Answers later, from any thread, by calling `Reply` once.
    case deferred(@Sendable (RouteRequest, @escaping Reply) -> Void)
  }

  let method: String
  /// Path segments; `{model}` and `{version}` stand for what a request has in their place.
  let segments: [Substring]
  let responder: Responder

  private init(_ method: String, _ path: String, _ responder: Responder) {
    self.method = method
    segments = path.split(separator: "/")
    self.responder = responder
  }

  static func get(
    _ path: String, _ respond: @escaping @Sendable (RouteRequest) throws(HTTPError) -> HTTPResponse
  ) -> Route {
    Route("GET", path, .immediate(respond))
  }

  static func post(_ path: String, _ respond: @escaping @Sendable (RouteRequest, @escaping Reply) -> Void) -> Route {
    Route("POST", path, .deferred(respond))
  }
}

/// Finds the route of a request.
struct Router: Sendable {
  struct Match: Sendable {
    let route: Route
    let model: String?
    let version: Int?
  }

  /// Every path that the server answers.
  static let standard = Router(routes: [
    .get("/", StatusPage.respond),
    .get("/metrics", MetricsRoute.respond),
    .get("/health/live", Health.live),
    .get("/health/ready", Health.ready),
    .get("/v2", Metadata.server),
    .get("/v2/health/live", Health.live),
    .get("/v2/health/ready", Health.ready),
    .get("/v2/models/{model}", Metadata.model),
    .get("/v2/models/{model}/ready", Health.modelReady),
    .get("/v2/models/{model}/versions/{version}", Metadata.model),
    .get("/v2/models/{model}/versions/{version}/ready", Health.modelReady),
    .post("/infer", Infer.respond),
    .post("/v2/models/{model}/infer", Infer.respond),
    .post("/v2/models/{model}/versions/{version}/infer", Infer.respond),
  ])

  let routes: [Route]

  /// - Throws: 404 for a path that nothing answers, 405 for a method that the path does not have.
  func match(method: String, path: String) throws(HTTPError) -> Match {
    let segments = path.split(separator: "/")
    // HEAD is GET without the body, which libmicrohttpd leaves out.
    let method = method == "HEAD" ? "GET" : method
    var allowed: [String] = []
    for route in routes {
      guard let match = try Self.match(route, segments) else { continue }
      if route.method == method { return match }
      allowed.append(route.method)
    }
    guard allowed.isEmpty else {
      let allow = allowed.contains("GET") ? "GET, HEAD" : allowed.joined(separator: ", ")
      throw HTTPError(405, "this path has no method '\(method.prefix(32))'", allow: allow)
    }
    throw HTTPError(404, "there is nothing at this path")
  }

  private static func match(_ route: Route, _ segments: [Substring]) throws(HTTPError) -> Match? {
    guard route.segments.count == segments.count else { return nil }
    var model: String?
    var version: Int?
    for (pattern, segment) in zip(route.segments, segments) {
      // Decoded only after splitting, so that an escaped slash stays part of its segment.
      guard let decoded = percentDecoded(segment) else { throw .badRequest("the path is not properly escaped") }
      switch pattern {
      case "{model}":
        guard ModelSource.isName(decoded) else {
          throw HTTPError(ServingError.unknownModel(String(decoded.prefix(64))))
        }
        model = decoded
      case "{version}":
        guard let number = Int(decoded), number > 0 else {
          throw HTTPError(404, "'\(decoded.prefix(32))' is not a version; versions are numbers from 1 on")
        }
        version = number
      default:
        guard pattern == decoded else { return nil }
      }
    }
    return Match(route: route, model: model, version: version)
  }

  /// The text behind `%41` escapes, or nil when an escape is cut short, stands for a zero byte or gives no UTF-8.
  static func percentDecoded(_ text: Substring) -> String? {
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
