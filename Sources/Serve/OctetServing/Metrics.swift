import OctetRuntime
import OctetSystem

/// What `GET /metrics` answers. Every family is written for all models before the next begins.
package struct Metrics: Sendable {
  private let repository: ModelRepository
  private let includesLayers: Bool

  package init(repository: ModelRepository, includesLayers: Bool) {
    self.repository = repository
    self.includesLayers = includesLayers
  }

  /// The exposition in Prometheus text format.
  package var text: String {
    var text = MetricsText()
    let entries = repository.entries
    let served = entries.compactMap(\.ready)
    text.family("octet_build_info", .gauge, "Always 1; the version that runs stands in the label.")
    text.sample("octet_build_info", [("version", Build.version)], 1)
    writeModels(entries, served, to: &text)
    writeRequests(entries, to: &text)
    writeQueues(served, to: &text)
    if includesLayers { writeLayers(served, to: &text) }
    writeProcess(to: &text)
    return text.text
  }

  private func writeModels(_ entries: [ModelRepository.Entry], _ served: [ServedModel], to text: inout MetricsText) {
    text.family("octet_model_ready", .gauge, "1 for a model that answers requests, 0 for one that is not loaded.")
    for entry in entries {
      text.sample("octet_model_ready", entry.source.labels, entry.notReadyReason == nil ? 1 : 0)
    }
    text.family("octet_model_load_seconds", .gauge, "Time that loading, rewriting and warming up the model took.")
    for model in served {
      text.sample("octet_model_load_seconds", model.source.labels, model.loadDuration.inSeconds)
    }
    text.family("octet_model_weights_bytes", .gauge, "Packed weights, which all streams share.")
    for model in served { text.sample("octet_model_weights_bytes", model.source.labels, model.model.weightByteCount) }
    text.family("octet_model_arena_bytes", .gauge, "Activation memory of one stream.")
    for model in served { text.sample("octet_model_arena_bytes", model.source.labels, model.model.arenaByteCount) }
  }

  private func writeRequests(_ entries: [ModelRepository.Entry], to text: inout MetricsText) {
    text.family("octet_requests_total", .counter, "Inference requests that have been answered, by HTTP status.")
    for entry in entries {
      for (status, count) in entry.metrics.answersByStatus {
        text.sample("octet_requests_total", entry.source.labels + [("code", String(status))], count)
      }
    }
    text.family("octet_requests_rejected_total", .counter, "Inference requests that were turned away, by reason.")
    for entry in entries {
      for reason in RejectionReason.allCases {
        text.sample(
          "octet_requests_rejected_total", entry.source.labels + [("reason", reason.rawValue)],
          entry.metrics.rejections(for: reason))
      }
    }
    let histograms: [(String, String, KeyPath<ModelMetrics, Histogram>)] = [
      ("octet_request_seconds", "From the last byte of a request to its answer.", \.requestSeconds),
      ("octet_queue_seconds", "Time a request waited for an executor.", \.queueSeconds),
      ("octet_inference_seconds", "Time of one inference, of one request or of a batch.", \.inferenceSeconds),
      ("octet_batch_size", "Rows along axis 0 of one inference.", \.batchSize),
    ]
    for (name, help, histogram) in histograms {
      text.family(name, .histogram, help)
      for entry in entries { text.sample(name, entry.source.labels, entry.metrics[keyPath: histogram]) }
    }
  }

  private func writeQueues(_ served: [ServedModel], to text: inout MetricsText) {
    text.family("octet_queue_depth", .gauge, "Requests that wait for an executor.")
    for model in served { text.sample("octet_queue_depth", model.source.labels, model.queue.depth) }
    text.family("octet_requests_in_flight", .gauge, "Requests that wait or run.")
    for model in served { text.sample("octet_requests_in_flight", model.source.labels, model.queue.requestsInFlight) }
  }

  private func writeLayers(_ served: [ServedModel], to text: inout MetricsText) {
    let layers = served.flatMap { model in
      model.layers.map { (labels: model.source.labels + $0.layer.labels, totals: $0.totals) }
    }
    text.family("octet_layer_seconds_total", .counter, "Time spent in the layer.")
    for layer in layers {
      text.sample("octet_layer_seconds_total", layer.labels, Double(layer.totals.nanoseconds) * 1e-9)
    }
    text.family("octet_layer_executions_total", .counter, "Times the layer ran, once for a whole batch.")
    for layer in layers { text.sample("octet_layer_executions_total", layer.labels, layer.totals.executions) }

    let sampled = layers.filter { $0.totals.sampledValues > 0 }
    text.family(
      "octet_layer_saturated_values_total", .counter,
      "Sampled values outside the range that the model was calibrated for.")
    for layer in sampled {
      text.sample("octet_layer_saturated_values_total", layer.labels, layer.totals.saturatedValues)
    }
    text.family("octet_layer_sampled_values_total", .counter, "Values that saturation sampling has looked at.")
    for layer in sampled { text.sample("octet_layer_sampled_values_total", layer.labels, layer.totals.sampledValues) }
  }

  private func writeProcess(to text: inout MetricsText) {
    let process = ProcessStatistics.current
    let gauges: [(String, String, Double?)] = [
      ("process_resident_memory_bytes", "Resident memory size.", process.residentBytes.map(Double.init)),
      ("process_virtual_memory_bytes", "Virtual memory size.", process.virtualBytes.map(Double.init)),
      ("process_open_fds", "Open file descriptors.", process.openDescriptors.map(Double.init)),
      ("process_max_fds", "Limit of open file descriptors.", process.maximumDescriptors.map(Double.init)),
      ("process_threads", "Threads of the process.", process.threads.map(Double.init)),
      ("process_start_time_seconds", "Start of the process, in seconds since 1970.", process.startTime),
    ]
    text.family("process_cpu_seconds_total", .counter, "User and system time.")
    text.sample("process_cpu_seconds_total", [], process.processorSeconds)
    for (name, help, value) in gauges {
      guard let value else { continue }
      text.family(name, .gauge, help)
      text.sample(name, [], value)
    }
  }
}

/// What this build calls itself.
package enum Build {
  package static let name = "octet"
  package static let version = "0.1.0"
}

extension ModelSource {
  fileprivate var labels: MetricsText.Labels { [("model", name), ("version", String(version))] }
}

extension LayerDescription {
  fileprivate var labels: MetricsText.Labels {
    [("layer", name), ("operator", operatorName), ("precision", precision), ("kernel", kernel)]
  }
}
