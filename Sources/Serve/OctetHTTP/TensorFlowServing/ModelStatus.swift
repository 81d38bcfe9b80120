import OctetServing

/// The state of a model's versions, or of one, as TensorFlow Serving tells it.
///
/// Source: TensorFlow Serving, api_rest.md, and ModelVersionStatus of get_model_status.proto.
enum ModelStatus {
  static func respond(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    // Throws for a model or version that is not there.
    let entry = try request.entry()
    let isOne = request.path.version != nil || request.path.label != nil
    let entries = request.context.repository.entries.filter {
      $0.source.name == entry.source.name && (!isOne || $0.source.version == entry.source.version)
    }
    // The newest version first, as TensorFlow Serving has it.
    return HTTPResponse(json: .object(("model_version_status", .array(entries.reversed().map(description)))))
  }

  private static func description(of entry: ModelRepository.Entry) -> JSONValue {
    let (state, code) =
      switch entry.state {
      case .loading: ("LOADING", "OK")
      case .ready: ("AVAILABLE", "OK")
      case .failed: ("END", "UNKNOWN")
      case .unloaded: ("END", "OK")
      }
    let message = code == "OK" ? "" : entry.notReadyReason ?? ""
    return .object(
      ("version", .string(String(entry.source.version))), ("state", .string(state)),
      ("status", .object(("error_code", .string(code)), ("error_message", .string(message)))))
  }
}
