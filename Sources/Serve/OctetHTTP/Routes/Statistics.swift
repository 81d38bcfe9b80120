import OctetRuntime
import OctetServing

/// What Triton's statistics extension tells of models: how many requests, and where their time went.
enum Statistics {
  /// Every model and version that is loaded.
  static func server(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    answer(request.context.repository.entries)
  }

  /// One version of one model.
  static func model(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse { answer([try request.entry()]) }

  private static func answer(_ entries: [ModelRepository.Entry]) -> HTTPResponse {
    HTTPResponse(json: .object(("model_stats", .array(entries.map(description)))))
  }

  private static func description(of entry: ModelRepository.Entry) -> JSONValue {
    let statistics = entry.metrics.statistics
    return .object(
      ("name", .string(entry.source.name)), ("version", .string(String(entry.source.version))),
      ("last_inference", .integer(Int64(clamping: statistics.lastInference))),
      ("inference_count", .integer(Int64(clamping: statistics.inferenceCount))),
      ("execution_count", .integer(Int64(clamping: statistics.executionCount))),
      (
        "inference_stats",
        .object(
          ("success", statistics.success.json), ("fail", statistics.failure.json), ("queue", statistics.queue.json),
          ("compute_input", statistics.input.json), ("compute_infer", statistics.inference.json),
          ("compute_output", statistics.output.json),
          ("cache_hit", DurationTotal().json), ("cache_miss", DurationTotal().json))
      ),
      ("response_stats", .object()),
      ("batch_stats", .array(statistics.batches.sorted { $0.key < $1.key }.map(batch))),
      ("memory_usage", .array(entry.ready.map(memory) ?? [])))
  }

  /// Bodies are read and written per request, so a batch spends no time on them.
  private static func batch(rows: Int, _ total: DurationTotal) -> JSONValue {
    let nothing = DurationTotal(count: total.count)
    return .object(
      ("batch_size", .integer(Int64(rows))), ("compute_input", nothing.json), ("compute_infer", total.json),
      ("compute_output", nothing.json))
  }

  private static func memory(of model: ServedModel) -> [JSONValue] {
    let bytes = model.model.weightByteCount + model.model.arenaByteCount
    return [.object(("type", .string("CPU")), ("id", .integer(0)), ("byte_size", .integer(Int64(bytes))))]
  }
}

extension DurationTotal {
  fileprivate var json: JSONValue {
    .object(("count", .integer(Int64(clamping: count))), ("ns", .integer(Int64(clamping: nanoseconds))))
  }
}
