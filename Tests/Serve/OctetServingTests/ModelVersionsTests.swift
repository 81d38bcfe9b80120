import FoundationEssentials
import OctetRuntime
import OctetTestSupport
import Testing

@testable import OctetServing

/// A folder that is gone with the test.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: "octet-test-\(UUID().uuidString)").path

  init(_ files: [String] = []) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for file in files { try add(file) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func add(_ file: String) throws {
    let folder = file.split(separator: "/").dropLast().joined(separator: "/")
    try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
    #expect(FileManager.default.createFile(atPath: "\(path)/\(file)", contents: nil))
  }

  func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(file)") }
}

@Suite struct ModelVersionsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder(["1/model.xml", "3/model.onnx", "0012/cats.xml", "notes/model.xml"]) }

  private func source(_ policy: VersionPolicy, labels: [String: Int] = [:]) -> ModelSource {
    var source = ModelSource(name: "m", path: folder.path)
    source.versionPolicy = policy
    source.versionLabels = labels
    return source
  }

  @Test(arguments: [
    (VersionPolicy.latest(1), [12]), (.latest(2), [3, 12]), (.latest(9), [1, 3, 12]), (.all, [1, 3, 12]),
    (.specific([3, 1]), [1, 3]),
  ])
  func thePolicyChoosesTheVersions(_ policy: VersionPolicy, _ versions: [Int]) throws {
    #expect(try source(policy).versions().map(\.version) == versions)
  }

  @Test func aVersionIsItsFoldersModel() throws {
    #expect(
      try source(.all).versions().map(\.path)
        == ["1/model.xml", "3/model.onnx", "0012/cats.xml"].map { "\(folder.path)/\($0)" })
  }

  @Test func aFileIsVersionOneOfItself() throws {
    let source = ModelSource(name: "m", path: "embedded:digits")
    #expect(try source.versions() == [source])
  }

  @Test func saysWhichVersionIsMissing() {
    #expect(throws: ModelError.model("\(folder.path): expected a folder for version 2, found none")) {
      try source(.specific([1, 2])).versions()
    }
    #expect(throws: ModelError.model("\(folder.path): the label 'canary' stands for version 1, which is not served")) {
      try source(.latest(1), labels: ["canary": 1]).versions()
    }
  }

  @Test func saysWhatAFolderLacks() throws {
    let empty = try TemporaryFolder(["model/model.xml"])
    #expect(throws: ModelError.self) { try ModelSource(name: "m", path: empty.path).versions() }
    let twins = try TemporaryFolder(["1/model.xml", "01/model.xml"])
    #expect(throws: ModelError.model("\(twins.path): two folders stand for the same version")) {
      try ModelSource(name: "m", path: twins.path).versions()
    }
    let ambiguous = try TemporaryFolder(["1/a.xml", "1/b.xml"])
    #expect(
      throws: ModelError.model(
        "\(ambiguous.path)/1: expected model.xml, model.onnx or one other file of such a kind, found 2")
    ) { try ModelSource(name: "m", path: ambiguous.path).versions() }
  }
}

/// Versions that come and go while the repository serves.
@Suite struct ModelVersionReloadTests {
  private let folder: TemporaryFolder
  private let repository = ModelRepository(processors: 1) { source in
    if source.version == 13 { throw ModelError.model("\(source.path): bad luck") }
    return FakeModel.doubling()
  }

  init() throws {
    folder = try TemporaryFolder(["1/model.xml", "2/model.xml"])
    repository.load([source], defaultModel: nil)
  }

  private var source: ModelSource {
    var source = ModelSource(name: "m", path: folder.path)
    source.versionPolicy = .all
    source.versionLabels = ["stable": 1]
    return source
  }

  @Test func theHighestVersionAnswersUnlessAnotherIsNamed() throws {
    #expect(try repository.entry(named: "m").source.version == 2)
    #expect(try repository.entry(named: nil, version: 1).source.version == 1)
    #expect(try repository.entry(named: "m", label: "stable").source.version == 1)
    #expect(throws: ServingError.unknownLabel(model: "m", label: "canary")) {
      try repository.entry(named: "m", label: "canary")
    }
    #expect(throws: ServingError.unknownVersion(model: "m", version: 3)) {
      try repository.entry(named: "m", version: 3)
    }
  }

  @Test func aNewVersionComesAndAnOldOneGoes() throws {
    let first = try repository.entry(named: "m", version: 1)
    try folder.add("3/model.xml")
    try folder.remove("2")
    try repository.load(named: "m")
    #expect(repository.versions(of: "m") == [1, 3])
    #expect(try repository.entry(named: "m").source.version == 3)
    #expect(try repository.entry(named: "m", version: 1).metrics === first.metrics)
  }

  @Test func aVersionThatDoesNotLoadChangesNothing() throws {
    let before = try repository.entry(named: "m").servedModel()
    try folder.add("13/model.xml")
    #expect(throws: ServingError.self) { try repository.load(named: "m") }
    #expect(throws: ReloadError.self) { try repository.reload([source], defaultModel: nil) }
    #expect(try repository.entry(named: "m").servedModel() === before)
  }

  @Test func aVersionThatDoesNotLoadAtTheStartLeavesTheOthersServing() throws {
    try folder.add("13/model.xml")
    repository.load([source], defaultModel: nil)
    #expect(try repository.entry(named: "m").source.version == 2)
    #expect(repository.notReadyReasons.count == 1)
  }

  @Test func anUnloadedModelComesBack() throws {
    try repository.unload(named: "m")
    #expect(throws: ServingError.self) { try repository.entry(named: "m").servedModel() }
    #expect(repository.notReadyReasons == [], "it was taken out on purpose")
    try repository.load(named: "m")
    #expect(try repository.entry(named: "m").servedModel().version == 2)
  }
}
