import OctetRuntime
import OctetServing
import OctetSystem
import OctetTensor

/// A model as Triton's model configuration extension describes it: a ModelConfig message in JSON.
///
/// Triton's perf_analyzer does not start without `max_batch_size`, `input` and `output`. Where axis 0 is a batch, the
/// shapes that stand here go without it.
///
/// Source: Triton Inference Server, protocol/extension_model_configuration and model_config.proto.
enum ModelConfiguration {
  static func respond(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    HTTPResponse(json: description(of: try request.entry().model()))
  }

  static func description(of model: ServedModel) -> JSONValue {
    let options = model.source.options
    let isBatchable = model.signature.isBatchable
    let largestBatch = isBatchable ? max(1, min(options.maximumBatch, model.signature.largestBatch)) : 0
    var members: [(String, JSONValue)] = [
      ("name", .string(model.name)), ("platform", .string(model.source.platform)), ("backend", .string(Build.name)),
      ("version_policy", versionPolicy(model.source.versionPolicy)),
      ("max_batch_size", .integer(Int64(largestBatch))),
      ("input", .array(model.signature.inputs.map { input($0, isBatchable: isBatchable) })),
      ("output", .array(model.signature.outputs.map { output($0, isBatchable: isBatchable) })),
      ("batch_input", .array([])), ("batch_output", .array([])),
      ("instance_group", .array([instances(of: model)])),
      ("default_model_filename", .string(String(model.source.path.split(separator: "/").last ?? ""))),
      ("cc_model_filenames", .object()), ("metric_tags", .object()), ("parameters", .object()),
      ("model_warmup", .array([])),
      ("model_transaction_policy", .object(("decoupled", .boolean(false)))),
    ]
    if isBatchable { members.append(("dynamic_batching", batching(options))) }
    return .object(members.map { JSONValue.Member(name: $0.0, value: $0.1) })
  }

  private static func versionPolicy(_ policy: VersionPolicy) -> JSONValue {
    switch policy {
    case .latest(let count): .object(("latest", .object(("num_versions", .integer(Int64(count))))))
    case .all: .object(("all", .object()))
    case .specific(let versions): .object(("specific", .object(("versions", integers(versions)))))
    }
  }

  private static func batching(_ options: ServingOptions) -> JSONValue {
    .object(
      ("preferred_batch_size", integers(options.preferredBatches.sorted())),
      ("max_queue_delay_microseconds", microseconds(options.batchDelay)),
      ("preserve_ordering", .boolean(false)), ("priority_levels", .integer(0)),
      ("default_priority_level", .integer(Int64(options.defaultPriority))),
      (
        "default_queue_policy",
        .object(
          ("timeout_action", .string("REJECT")),
          ("default_timeout_microseconds", microseconds(options.queueDeadline ?? .zero)),
          ("allow_timeout_override", .boolean(true)), ("max_queue_size", .integer(Int64(options.queueCapacity))))
      ),
      ("priority_queue_policy", .object()))
  }

  private static func integers(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .integer(Int64($0)) }) }

  private static func microseconds(_ duration: Duration) -> JSONValue {
    .integer(Int64(exactly: (duration.inSeconds * 1e6).rounded()) ?? 0)
  }

  private static func instances(of model: ServedModel) -> JSONValue {
    .object(
      ("name", .string(model.name)), ("kind", .string("KIND_CPU")),
      ("count", .integer(Int64(model.queue.streamCount))),
      ("gpus", .array([])), ("secondary_devices", .array([])), ("profile", .array([])), ("passive", .boolean(false)),
      ("host_policy", .string("")))
  }

  private static func input(_ port: Port, isBatchable: Bool) -> JSONValue {
    .object(
      ("name", .string(port.name)), ("data_type", dataType(port)), ("format", .string("FORMAT_NONE")),
      ("dims", dimensions(port, isBatchable: isBatchable)), ("is_shape_tensor", .boolean(false)),
      ("allow_ragged_batch", .boolean(false)), ("optional", .boolean(false)))
  }

  private static func output(_ port: Port, isBatchable: Bool) -> JSONValue {
    .object(
      ("name", .string(port.name)), ("data_type", dataType(port)),
      ("dims", dimensions(port, isBatchable: isBatchable)), ("label_filename", .string("")),
      ("is_shape_tensor", .boolean(false)))
  }

  /// `TYPE_FP32`; strings are TYPE_STRING here and BYTES elsewhere.
  private static func dataType(_ port: Port) -> JSONValue {
    let type = port.type.elementType
    return .string("TYPE_" + (type == .string ? "STRING" : type.protocolName))
  }

  private static func dimensions(_ port: Port, isBatchable: Bool) -> JSONValue {
    .array(port.type.shape.protocolExtents.dropFirst(isBatchable ? 1 : 0).map { .integer(Int64($0)) })
  }
}
