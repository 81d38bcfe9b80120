import OctetServing

/// A request that is refused: the status, and a sentence for whoever sent it.
struct HTTPError: Error, Hashable, Sendable {
  let status: Int
  let message: String
  /// Methods that the path does have, for 405.
  var allow: String?
  /// Codings that a body may have, for 415.
  var acceptEncoding: String?

  init(_ status: Int, _ message: String, allow: String? = nil, acceptEncoding: String? = nil) {
    self.status = status
    self.message = message
    self.allow = allow
    self.acceptEncoding = acceptEncoding
  }

  static func badRequest(_ message: String) -> HTTPError { HTTPError(400, message) }

  /// Every refusal of the serving side, as HTTP says it.
  init(_ error: ServingError) {
    let status =
      switch error {
      case .invalidInput: 400
      case .unknownModel, .unknownVersion, .unknownLabel: 404
      case .failed: 500
      case .notReady, .queueFull, .deadlineExceeded, .clientGone: 503
      }
    self.init(status, error.description)
  }

  var response: HTTPResponse {
    var response = HTTPResponse(status: status, json: .object(("error", .string(message))))
    if let allow { response.headers.append(("Allow", allow)) }
    if let acceptEncoding { response.headers.append(("Accept-Encoding", acceptEncoding)) }
    if status == 401 { response.headers.append(("WWW-Authenticate", "Bearer")) }
    if status == 503 { response.headers.append(("Retry-After", "1")) }
    return response
  }
}
