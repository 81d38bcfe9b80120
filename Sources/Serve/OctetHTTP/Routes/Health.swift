import OctetServing

/// Whether the process lives, and whether it should be sent requests.
enum Health {
  static func live(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    HTTPResponse(json: .object(("live", .boolean(true))))
  }

  static func ready(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let reasons = request.context.repository.notReadyReasons
    guard reasons.isEmpty else { throw HTTPError(503, reasons.joined(separator: "; ")) }
    return HTTPResponse(json: .object(("ready", .boolean(true))))
  }

  static func modelReady(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let entry = try request.entry()
    if let reason = entry.notReadyReason {
      throw HTTPError(ServingError.notReady(model: entry.source.name, reason: reason))
    }
    return HTTPResponse(json: .object(("name", .string(entry.source.name)), ("ready", .boolean(true))))
  }
}

extension RouteRequest {
  /// The model and version of the path.
  func entry() throws(HTTPError) -> ModelRepository.Entry {
    do throws(ServingError) {
      return try context.repository.entry(named: path.model, version: path.version, label: path.label)
    } catch {
      throw HTTPError(error)
    }
  }
}
