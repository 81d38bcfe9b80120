import OctetRuntime
import OctetServing
import OctetTensor

/// What the server and its models say of themselves.
enum Metadata {
  /// The extensions of the protocol that are implemented.
  static let extensions = [
    "binary_tensor_data", "classification", "logging", "model_configuration", "model_repository", "parameters",
    "schedule_policy", "statistics",
  ]

  static func server(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    HTTPResponse(
      json: .object(
        ("name", .string(Build.name)), ("version", .string(Build.version)),
        ("extensions", .array(extensions.map(JSONValue.string)))))
  }

  static func model(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let entry = try request.entry()
    guard let model = entry.ready else {
      throw HTTPError(.notReady(model: entry.source.name, reason: entry.notReadyReason ?? ""))
    }
    let versions = request.context.repository.versions(of: model.name)
    return HTTPResponse(
      json: .object(
        ("name", .string(model.name)), ("versions", .array(versions.map { .string(String($0)) })),
        ("platform", .string(model.source.platform)),
        ("inputs", .array(model.signature.inputs.map(\.json))),
        ("outputs", .array(model.signature.outputs.map(\.json)))))
  }
}

extension Port {
  fileprivate var json: JSONValue {
    .object(
      ("name", .string(name)), ("datatype", .string(type.elementType.protocolName)),
      ("shape", .array(type.shape.protocolExtents.map { .integer(Int64($0)) })))
  }
}
