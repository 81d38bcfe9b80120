import Glibc
import Logging
import OrderedCollections
package import OctetRuntime
import OctetSystem

/// The models of the configuration, by name and version.
///
/// A reload loads every model beside the one that serves and then swaps all of them at once, or none. Requests that the
/// old ones have taken are still answered by them; the memory goes when the last has been.
package final class ModelRepository: Sendable {
  /// Turns a model file into something that can run. `octet` gives it, and so this module needs to know no graph.
  package typealias Load = @Sendable (ModelSource) throws -> CompiledModel

  package enum State: Sendable {
    case loading
    case ready(ServedModel)
    case failed(reason: String)
    /// Taken out on purpose; it can be loaded again.
    case unloaded
  }

  /// A class, as `Model` is, because every request asks for one.
  package final class Entry: Sendable {
    package let source: ModelSource
    package let state: State
    package let metrics: ModelMetrics

    init(source: ModelSource, state: State, metrics: ModelMetrics) {
      self.source = source
      self.state = state
      self.metrics = metrics
    }
  }

  fileprivate final class Model: Sendable {
    /// As the configuration has it: the path may be a folder of versions.
    let source: ModelSource
    let versions: [Int: Entry]
    /// The highest version that answers, or the highest.
    let preferred: Entry?

    init(_ source: ModelSource, _ entries: [Entry]) {
      self.source = source
      versions = Dictionary(entries.map { ($0.source.version, $0) }) { _, last in last }
      let ready = versions.filter { $0.value.ready != nil }
      preferred = (ready.isEmpty ? versions : ready).max { $0.key < $1.key }?.value
    }
  }

  private struct Contents {
    var models: OrderedDictionary<String, Model> = [:]
    var defaultModel: String?
    var isDraining = false
  }

  private let load: Load
  private let processors: Processors
  private let contents = Lock(Contents())
  /// Held while models change, so that one change sees what the last has left.
  private let changes = Lock(())
  private let logger = Logger(label: "octet.models")

  package init(processors: Int, load: @escaping Load) {
    self.load = load
    self.processors = Processors(processors)
  }

  // MARK: - Asking

  /// Every model and version, in the order of the configuration.
  package var entries: [Entry] {
    contents.withLock { contents in
      contents.models.values.flatMap { model in
        model.versions.sorted { $0.key < $1.key }.map(\.value)
      }
    }
  }

  /// The model that answers when a request names none.
  package var defaultModel: String? { contents.withLock { $0.defaultModel } }

  /// Whether the server should be sent requests, and if not why.
  package var notReadyReasons: [String] {
    if contents.withLock({ $0.isDraining }) { return ["the server is shutting down"] }
    return entries.filter { !$0.isUnloaded }.compactMap { entry in
      entry.notReadyReason.map { ServingError.notReady(model: entry.source.name, reason: $0).description }
    }
  }

  /// One version of a model, by number or label, or else the highest that answers; the default model where no name is
  /// given.
  package func entry(
    named name: String?, version: Int? = nil, label: String? = nil
  ) throws(ServingError) -> Entry {
    let found: Result<Entry, ServingError> = contents.withLock { contents in
      guard let name = name ?? contents.defaultModel else { return .failure(.unknownModel("")) }
      guard let model = contents.models[name] else { return .failure(.unknownModel(name)) }
      var version = version
      if let label {
        guard let labelled = model.source.versionLabels[label] else {
          return .failure(.unknownLabel(model: name, label: label))
        }
        version = labelled
      }
      guard let entry = version.map({ model.versions[$0] }) ?? model.preferred else {
        return .failure(.unknownVersion(model: name, version: version ?? 1))
      }
      return .success(entry)
    }
    return try found.get()
  }

  package func versions(of name: String) -> [Int] {
    contents.withLock { ($0.models[name]?.versions ?? [:]).keys.sorted() }
  }

  // MARK: - Loading

  /// Loads every model; one that fails is kept with its reason, and the others serve.
  package func load(
    _ sources: [ModelSource], defaultModel: String?, progress: (ModelSource, _ loaded: Int) -> Void = { _, _ in }
  ) {
    contents.withLock { contents in
      contents.defaultModel = defaultModel ?? sources.first?.name
      for source in sources {
        let entry = Entry(source: source, state: .loading, metrics: ModelMetrics())
        contents.models[source.name] = Model(source, [entry])
      }
    }
    for (index, source) in sources.enumerated() {
      progress(source, index)
      let model = Model(source, loaded(source, besideOthers: false))
      contents.withLock { $0.models[source.name] = model }
    }
  }

  /// Loads every model beside those that serve, and swaps them when all of them are ready.
  ///
  /// - Throws: the reasons of those that are not; then nothing has changed.
  package func reload(_ sources: [ModelSource], defaultModel: String?) throws(ReloadError) {
    try changes.withLock { (_) throws(ReloadError) in
      let models = sources.map { Model($0, loaded($0, besideOthers: true)) }
      let reasons = models.flatMap(\.failures)
      guard reasons.isEmpty else { throw ReloadError(reasons: reasons) }
      let replaced = entries.compactMap(\.ready)
      contents.withLock { contents in
        contents.defaultModel = defaultModel ?? sources.first?.name
        contents.models = OrderedDictionary(uniqueKeysWithValues: models.map { ($0.source.name, $0) })
      }
      drain(replaced)
    }
  }

  /// Looks for the versions of a model again, loads them beside those that serve, and swaps them when all are ready.
  ///
  /// - Parameter change: how it is to be served until it is loaded again; otherwise as the configuration says.
  /// - Throws: why they are not ready; then nothing has changed.
  package func load(named name: String, changing change: (inout ModelSource) -> Void = { _ in }) throws(ServingError) {
    try changes.withLock { (_) throws(ServingError) in
      let old = try model(named: name)
      var source = old.source
      change(&source)
      let new = Model(old.source, loaded(source, besideOthers: true))
      let reasons = new.versions.values.compactMap(\.notReadyReason)
      guard reasons.isEmpty else { throw .notReady(model: name, reason: reasons.joined(separator: "; ")) }
      contents.withLock { $0.models[name] = new }
      drain(old.versions.values.compactMap(\.ready))
    }
  }

  /// Takes a model out; requests that it has taken are still answered.
  package func unload(named name: String) throws(ServingError) {
    try changes.withLock { (_) throws(ServingError) in
      let model = try model(named: name)
      let entries = model.versions.values.map { Entry(source: $0.source, state: .unloaded, metrics: $0.metrics) }
      contents.withLock { $0.models[name] = Model(model.source, entries) }
      drain(model.versions.values.compactMap(\.ready))
    }
    logger.notice("model unloaded", metadata: ["model": "\(name)"])
  }

  /// Waits until models that have been replaced have answered what they had taken, so that the thread which changes models
  /// also frees them: that takes longer than many an inference. One that never ends is freed by whoever ends it.
  private func drain(_ replaced: [ServedModel]) {
    let end = Instant.now + .seconds(10)
    repeat { usleep(1000) } while replaced.contains { $0.queue.requestsInFlight > 0 } && .now < end
  }

  private func model(named name: String) throws(ServingError) -> Model {
    guard let model = contents.withLock({ $0.models[name] }) else { throw .unknownModel(name) }
    return model
  }

  /// From now on the server is not ready; the models go on answering.
  package func beginDraining() { contents.withLock { $0.isDraining = true } }

  /// An entry for each version of a model.
  private func loaded(_ source: ModelSource, besideOthers: Bool) -> [Entry] {
    do throws(ModelError) {
      return try source.versions().map { load($0, besideOthers) }
    } catch {
      return [failed(source, because: error)]
    }
  }

  private func load(_ source: ModelSource, _ besideOthers: Bool) -> Entry {
    let metrics = metrics(of: source)
    do {
      let model = try ServedModel(
        source, processors: processors, metrics: metrics, besideOthers: besideOthers, load: load)
      logger.info(
        "model ready",
        metadata: [
          "model": "\(source.name)", "version": "\(source.version)", "path": "\(source.path)",
          "seconds": "\(model.loadDuration.inSeconds)",
        ])
      return Entry(source: source, state: .ready(model), metrics: metrics)
    } catch {
      return failed(source, because: error)
    }
  }

  private func failed(_ source: ModelSource, because error: any Error) -> Entry {
    logger.error("model not loaded: \(error)", metadata: ["model": "\(source.name)", "path": "\(source.path)"])
    return Entry(source: source, state: .failed(reason: "\(error)"), metrics: metrics(of: source))
  }

  /// Those of the version that serves, so that its counters go on.
  private func metrics(of source: ModelSource) -> ModelMetrics {
    contents.withLock { $0.models[source.name]?.versions[source.version]?.metrics } ?? ModelMetrics()
  }
}

extension ModelRepository.Model {
  fileprivate var failures: [String] {
    versions.values.compactMap { entry in entry.notReadyReason.map { "model '\(source.name)': \($0)" } }
  }
}

/// Why a reload changed nothing.
package struct ReloadError: Error, Hashable, CustomStringConvertible {
  package let reasons: [String]
  package var description: String { reasons.joined(separator: "; ") }
}

extension ModelRepository.Entry {
  package var ready: ServedModel? {
    if case .ready(let model) = state { return model }
    return nil
  }

  package var notReadyReason: String? {
    switch state {
    case .ready: nil
    case .loading: "it is still loading"
    case .failed(let reason): reason
    case .unloaded: "it is not loaded"
    }
  }

  package var isUnloaded: Bool {
    if case .unloaded = state { true } else { false }
  }

  /// - Throws: why it cannot answer, which is counted.
  package func servedModel() throws(ServingError) -> ServedModel {
    if let ready { return ready }
    metrics.reject(.notReady)
    throw .notReady(model: source.name, reason: notReadyReason ?? "")
  }
}
