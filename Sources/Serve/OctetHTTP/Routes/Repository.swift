import OctetServing

/// Triton's model repository extension: which models there are, and taking one in or out while the server runs.
enum Repository {
  /// Every model and version with its state; with `{"ready": true}` those that answer.
  static func index(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    var onlyReady = false
    for member in try request.controlMembers() where member.name == "ready" {
      guard case .boolean(let wanted) = member.value else { throw .badRequest("ready: expected true or false") }
      onlyReady = wanted
    }
    let entries = request.context.repository.entries.filter { !onlyReady || $0.ready != nil }
    return HTTPResponse(json: .array(entries.map(description)))
  }

  private static func description(of entry: ModelRepository.Entry) -> JSONValue {
    let state =
      switch entry.state {
      case .ready: "READY"
      case .loading: "LOADING"
      case .failed: "UNAVAILABLE"
      }
    return .object(
      ("name", .string(entry.source.name)), ("version", .string(String(entry.source.version))),
      ("state", .string(state)), ("reason", .string(entry.notReadyReason ?? "")))
  }
}
