import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetServing
import OctetSystem

/// A repository whose files a test can break and mend.
private final class Files: Sendable {
  let broken = Lock<Set<String>>([])

  func load(_ source: ModelSource) throws -> CompiledModel {
    if broken.withLock({ $0.contains(source.path) }) { throw ModelError.model("\(source.path): it is cut off") }
    return FakeModel.doubling()
  }
}

@Suite struct ModelRepositoryTests {
  private let files = Files()
  private let repository: ModelRepository

  init() {
    repository = ModelRepository(processors: 1, load: files.load)
  }

  private func source(_ name: String) -> ModelSource { ModelSource(name: name, path: "\(name).xml") }

  @Test func theFirstModelIsTheDefault() throws {
    repository.load([source("a"), source("b")], defaultModel: nil)
    #expect(try repository.entry(named: nil).source.name == "a")
    #expect(repository.notReadyReasons == [])
  }

  @Test func theConfiguredDefaultAnswers() throws {
    repository.load([source("a"), source("b")], defaultModel: "b")
    #expect(try repository.entry(named: nil).source.name == "b")
  }

  @Test func refusesUnknownNamesAndVersions() {
    repository.load([source("a")], defaultModel: nil)
    #expect(throws: ServingError.unknownModel("z")) { try repository.entry(named: "z") }
    #expect(throws: ServingError.unknownVersion(model: "a", version: 7)) {
      try repository.entry(named: "a", version: 7)
    }
  }

  @Test func aModelThatDoesNotLoadLeavesTheOthersServing() throws {
    files.broken.withLock { _ = $0.insert("b.xml") }
    repository.load([source("a"), source("b")], defaultModel: nil)
    #expect(try repository.entry(named: "a").servedModel().name == "a")
    #expect(repository.notReadyReasons == ["model 'b' is not ready: b.xml: it is cut off"])
    let entry = try repository.entry(named: "b")
    #expect(throws: ServingError.notReady(model: "b", reason: "b.xml: it is cut off")) { try entry.servedModel() }
    #expect(entry.metrics.rejections(for: .notReady) == 1)
  }

  @Test func aReloadReplacesEveryModelAndKeepsItsCounters() throws {
    repository.load([source("a")], defaultModel: nil)
    let before = try repository.entry(named: "a").servedModel()
    try repository.reload([source("a"), source("b")], defaultModel: "b")
    let after = try repository.entry(named: "a").servedModel()
    #expect(before !== after)
    #expect(before.metrics === after.metrics)
    #expect(repository.defaultModel == "b")
  }

  @Test func aFailedReloadChangesNothingAndSaysWhy() throws {
    repository.load([source("a")], defaultModel: nil)
    let before = try repository.entry(named: "a").servedModel()
    files.broken.withLock { _ = $0.insert("b.xml") }
    #expect(throws: ReloadError(reasons: ["model 'b': b.xml: it is cut off"])) {
      try repository.reload([source("a"), source("b")], defaultModel: "b")
    }
    #expect(try repository.entry(named: "a").servedModel() === before)
    #expect(repository.defaultModel == "a")
    #expect(repository.entries.count == 1)
  }

  @Test func aModelThatWasReplacedLetsGoOfItsMemory() throws {
    repository.load([source("a")], defaultModel: nil)
    weak let old = try repository.entry(named: "a").servedModel()
    #expect(old != nil)
    try repository.reload([source("a")], defaultModel: nil)
    #expect(old == nil)
  }

  @Test func drainingIsNotReadyButStillServes() throws {
    repository.load([source("a")], defaultModel: nil)
    repository.beginDraining()
    #expect(repository.notReadyReasons == ["the server is shutting down"])
    #expect(throws: Never.self) { try repository.entry(named: "a").servedModel() }
  }

  @Test func warmingUpIsNotCounted() throws {
    repository.load([source("a")], defaultModel: nil)
    let model = try repository.entry(named: "a").servedModel()
    #expect(model.layers.map(\.totals.executions) == [0])
  }
}
