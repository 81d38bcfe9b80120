import OrderedCollections
import Logging
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

  package struct Entry: Sendable {
    package let source: ModelSource
    package let state: State
    package let metrics: ModelMetrics
  }

  private struct Contents {
    var entries: OrderedDictionary<String, [Int: Entry]> = [:]
    var defaultModel: String?
    var isDraining = false
  }

  private let load: Load
  private let processors: Processors
  private let contents = Lock(Contents())
  private let logger = Logger(label: "octet.models")

  package init(processors: Int, load: @escaping Load) {
    self.load = load
    self.processors = Processors(processors)
  }

  // MARK: - Asking

  /// Every model and version, in the order of the configuration.
  package var entries: [Entry] {
    contents.withLock { contents in
      contents.entries.values.flatMap { versions in
        versions.sorted { $0.key < $1.key }.map(\.value)
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

  /// One version of a model, or the highest; the default model where no name is given.
  package func entry(named name: String?, version: Int? = nil) throws(ServingError) -> Entry {
    let found: Result<Entry, ServingError> = contents.withLock { contents in
      guard let name = name ?? contents.defaultModel else { return .failure(.unknownModel("")) }
      guard let versions = contents.entries[name] else { return .failure(.unknownModel(name)) }
      guard let entry = versions[version ?? versions.keys.max() ?? 1] else {
        return .failure(.unknownVersion(model: name, version: version ?? 1))
      }
      return .success(entry)
    }
    return try found.get()
  }

  package func versions(of name: String) -> [Int] { contents.withLock { ($0.entries[name] ?? [:]).keys.sorted() } }

  // MARK: - Loading

  /// Loads every model; one that fails is kept with its reason, and the others serve.
  package func load(
    _ sources: [ModelSource], defaultModel: String?, progress: (ModelSource, _ loaded: Int) -> Void = { _, _ in }
  ) {
    contents.withLock { contents in
      contents.defaultModel = defaultModel ?? sources.first?.name
      for source in sources {
        contents.entries[source.name, default: [:]][source.version] = Entry(
          source: source, state: .loading, metrics: ModelMetrics())
      }
    }
    for (index, source) in sources.enumerated() {
      progress(source, index)
      let entry = loaded(source)
      contents.withLock { $0.entries[source.name, default: [:]][source.version] = entry }
    }
  }

  /// Loads every model beside those that serve, and swaps them when all of them are ready.
  ///
  /// - Throws: the reasons of those that are not; then nothing has changed.
  package func reload(_ sources: [ModelSource], defaultModel: String?) throws(ReloadError) {
    let entries = sources.map(loaded)
    let reasons = entries.compactMap { entry in entry.notReadyReason.map { "model '\(entry.source.name)': \($0)" } }
    guard reasons.isEmpty else { throw ReloadError(reasons: reasons) }
    contents.withLock { contents in
      contents.defaultModel = defaultModel ?? sources.first?.name
      contents.entries = [:]
      for entry in entries { contents.entries[entry.source.name, default: [:]][entry.source.version] = entry }
    }
  }

  /// Loads every version of a model again beside those that serve, and swaps them when all of them are ready.
  ///
  /// - Throws: why they are not; then nothing has changed.
  package func load(named name: String) throws(ServingError) {
    let sources = try versions(named: name).map(\.source)
    let entries = sources.map(loaded)
    if let reason = entries.compactMap(\.notReadyReason).first { throw .notReady(model: name, reason: reason) }
    replace(entries)
  }

  /// Takes a model out; requests that it has taken are still answered.
  package func unload(named name: String) throws(ServingError) {
    replace(try versions(named: name).map { Entry(source: $0.source, state: .unloaded, metrics: $0.metrics) })
    logger.notice("model unloaded", metadata: ["model": "\(name)"])
  }

  private func versions(named name: String) throws(ServingError) -> [Entry] {
    guard let versions = contents.withLock({ $0.entries[name] }) else { throw .unknownModel(name) }
    return Array(versions.values)
  }

  /// Puts entries in the place of those of the same name and version, unless a reload has removed these meanwhile.
  private func replace(_ entries: [Entry]) {
    contents.withLock { contents in
      for entry in entries where contents.entries[entry.source.name]?[entry.source.version] != nil {
        contents.entries[entry.source.name]?[entry.source.version] = entry
      }
    }
  }

  /// From now on the server is not ready; the models go on answering.
  package func beginDraining() { contents.withLock { $0.isDraining = true } }

  private func loaded(_ source: ModelSource) -> Entry {
    let known = contents.withLock { $0.entries[source.name]?[source.version]?.metrics }
    let metrics = known ?? ModelMetrics()
    do {
      let model = try ServedModel(source, processors: processors, metrics: metrics, load: load)
      logger.info(
        "model ready",
        metadata: ["model": "\(source.name)", "path": "\(source.path)", "seconds": "\(model.loadDuration.inSeconds)"])
      return Entry(source: source, state: .ready(model), metrics: metrics)
    } catch {
      logger.error("model not loaded: \(error)", metadata: ["model": "\(source.name)", "path": "\(source.path)"])
      return Entry(source: source, state: .failed(reason: "\(error)"), metrics: metrics)
    }
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
