import Dispatch
import OctetServing

/// Triton's model repository extension: which models there are, and taking one in or out while the server runs.
enum Repository {
  /// Models are loaded one after the other, and not on the thread that serves connections.
  private static let changes = DispatchQueue(label: "octet.repository", qos: .utility)

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

  /// Loads a model of the configuration again, beside the one that serves.
  static func load(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    change(request, reply) { (repository, name) throws(ServingError) in try repository.load(named: name) }
  }

  /// Takes a model out until it is loaded again.
  static func unload(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    change(request, reply) { (repository, name) throws(ServingError) in try repository.unload(named: name) }
  }

  private static func change(
    _ request: RouteRequest, _ reply: @escaping Route.Reply,
    _ work: @escaping @Sendable (ModelRepository, String) throws(ServingError) -> Void
  ) {
    changes.async {
      do throws(HTTPError) {
        try checkChange(request)
        do throws(ServingError) {
          try work(request.context.repository, request.path.model ?? "")
        } catch {
          throw HTTPError(error)
        }
        reply(HTTPResponse(json: .object()))
      } catch {
        reply(error.response)
      }
    }
  }

  private static func checkChange(_ request: RouteRequest) throws(HTTPError) {
    guard request.context.options.allowsRepositoryChanges else {
      throw HTTPError(403, "models cannot be changed over HTTP; repository.changes in the configuration allows it")
    }
    for member in try request.controlMembers() where member.name == "parameters" {
      guard case .object(let parameters) = member.value else { throw .badRequest("parameters: expected an object") }
      if let unknown = parameters.first(where: { $0.name == "config" || $0.name.hasPrefix("file:") }) {
        throw .badRequest(
          "parameters.\(unknown.name.prefix(64)): models and their options come from the server's own files only")
      }
    }
  }

  private static func description(of entry: ModelRepository.Entry) -> JSONValue {
    let state =
      switch entry.state {
      case .ready: "READY"
      case .loading: "LOADING"
      case .failed, .unloaded: "UNAVAILABLE"
      }
    return .object(
      ("name", .string(entry.source.name)), ("version", .string(String(entry.source.version))),
      ("state", .string(state)), ("reason", .string(entry.notReadyReason ?? "")))
  }
}
