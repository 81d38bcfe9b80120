package import OctetRuntime
import OctetSystem

/// One version of a model that answers requests.
package final class ServedModel: Sendable {
  package let source: ModelSource
  package let model: CompiledModel
  package let queue: InferenceQueue
  package let metrics: ModelMetrics
  package let loadDuration: Duration
  /// What warming up added to each layer's counters, in their order: the metrics speak of requests only.
  private let warmUp: [LayerTotals]

  package var name: String { source.name }
  package var version: Int { source.version }
  package var signature: ModelSignature { model.signature }

  /// Loads a model and runs it once, so that the first request meets a warm one.
  ///
  /// - Parameter besideOthers: others serve meanwhile, and come first.
  init(
    _ source: ModelSource, processors: Processors, metrics: ModelMetrics, besideOthers: Bool,
    load: @escaping ModelRepository.Load
  ) throws {
    let start = Instant.now
    let compile: @Sendable () throws -> (CompiledModel, InferenceStream) = {
      let model = try load(source)
      try BatchRunner.makePlans(of: model, maximumBatch: source.options.maximumBatch)
      return (model, try InferenceStream.single(of: model, source))
    }
    let (model, first) = besideOthers ? try BackgroundThread.run(compile) : try compile()
    self.model = model
    queue = try InferenceQueue(
      source, model: model, first: first, processors: processors, metrics: metrics, besideOthers: besideOthers)
    warmUp = model.counters.all.map(LayerTotals.init)
    self.source = source
    self.metrics = metrics
    loadDuration = start.duration(to: .now)
  }

  deinit { FreeMemory.returnSoon() }

  /// What requests have added to each layer's counters.
  package var layers: [(layer: LayerDescription, totals: LayerTotals)] {
    model.counters.all.enumerated().map { index, counter in
      let before = index < warmUp.count ? warmUp[index] : LayerTotals()
      return (counter.layer, LayerTotals(counter) - before)
    }
  }
}

/// The totals of one layer.
package struct LayerTotals: Sendable {
  package var executions: UInt64 = 0
  package var nanoseconds: UInt64 = 0
  package var sampledValues: UInt64 = 0
  package var saturatedValues: UInt64 = 0

  init() {}

  init(_ counter: LayerCounter) {
    executions = counter.executions
    nanoseconds = counter.nanoseconds
    sampledValues = counter.sampledValues
    saturatedValues = counter.saturatedValues
  }

  static func - (all: LayerTotals, before: LayerTotals) -> LayerTotals {
    var rest = all
    rest.executions -= before.executions
    rest.nanoseconds -= before.nanoseconds
    rest.sampledValues -= before.sampledValues
    rest.saturatedValues -= before.saturatedValues
    return rest
  }
}
