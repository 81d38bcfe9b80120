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

  /// Loads a model of the configuration again, beside the one that serves, and with what `parameters.config` changes.
  static func load(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    change(request, reply) { (repository, name, parameters) throws(HTTPError) in
      let changes = try configurationChanges(parameters)
      if let changes { try changes.checkRest(for: request) }
      do throws(ServingError) {
        try repository.load(named: name) { changes?.apply(to: &$0) }
      } catch {
        throw HTTPError(error)
      }
    }
  }

  /// Takes a model out until it is loaded again.
  static func unload(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    change(request, reply) { (repository, name, _) throws(HTTPError) in
      do throws(ServingError) { try repository.unload(named: name) } catch { throw HTTPError(error) }
    }
  }

  private static func change(
    _ request: RouteRequest, _ reply: @escaping Route.Reply,
    _ work: @escaping @Sendable (ModelRepository, String, _ parameters: [JSONValue.Member]) throws(HTTPError) -> Void
  ) {
    changes.async {
      do throws(HTTPError) {
        try request.checkChangesAreAllowed()
        try work(request.context.repository, request.path.model ?? "", try parameters(of: request))
        reply(HTTPResponse(json: .object()))
      } catch {
        reply(error.response)
      }
    }
  }

  private static func parameters(of request: RouteRequest) throws(HTTPError) -> [JSONValue.Member] {
    guard let member = try request.controlMembers().first(where: { $0.name == "parameters" }) else { return [] }
    guard case .object(let parameters) = member.value else { throw .badRequest("parameters: expected an object") }
    if let file = parameters.first(where: { $0.name.hasPrefix("file:") }) {
      // Whoever may load a model over HTTP chooses among those that were put there, and brings no code of his own.
      throw .badRequest(
        "parameters.\(file.name.prefix(64)): models come from the server's own files only; put the file into the model's "
          + "folder and load it without files")
    }
    return parameters
  }

  private static func configurationChanges(
    _ parameters: [JSONValue.Member]
  ) throws(HTTPError) -> ModelConfigurationChanges? {
    guard let member = parameters.first(where: { $0.name == "config" }) else { return nil }
    guard case .string(let text) = member.value else {
      throw .badRequest("parameters.config: expected a string that holds a model configuration in JSON")
    }
    return try ModelConfigurationChanges(text)
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

extension RouteRequest {
  /// Loading models takes memory and time, and a log at its finest takes space: only who may, may.
  func checkChangesAreAllowed() throws(HTTPError) {
    guard context.options.allowsRepositoryChanges else {
      throw HTTPError(403, "nothing can be changed over HTTP; repository.changes in the configuration allows it")
    }
  }
}

extension ModelConfigurationChanges {
  /// What cannot be changed has to be as the model's description has it, if there is one.
  fileprivate func checkRest(for request: RouteRequest) throws(HTTPError) {
    let entry = try request.entry()
    guard let model = entry.ready, case .object(let known) = ModelConfiguration.description(of: model) else { return }
    for member in rest {
      guard known.first(where: { $0.name == member.name })?.value == member.value else {
        throw .badRequest(
          "config.\(member.name.prefix(64)): only max_batch_size, version_policy, instance_group and dynamic_batching "
            + "can be changed; the rest is as /v2/models/\(model.name)/config says")
      }
    }
  }
}
