import FoundationEssentials
import OctetImport
import OctetRuntime
import OctetSystem
import OctetTestSupport
import Testing

@Suite struct HostileModelTests {
  @Test(arguments: try HostileModel.all)
  func isRefusedInASentenceThatNamesThePlace(_ model: HostileModel) throws {
    let path = model.path
    let error = try #require(throws: ModelError.self) {
      guard let repetition = model.repeat else { return _ = try ModelImporter.graph(from: path) }
      let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        .replacing("@REPEAT@", with: String(repeating: repetition.text, count: repetition.times))
      let weights = try FileContents(path: "\(Fixtures.path)/hostile/\(model.name).bin")
      _ = try ModelImporter.graph(xml: FileContents(bytes: Array(text.utf8)), weights: weights, name: path)
    }
    #expect(error.description.hasPrefix(path))
    for name in model.names { #expect(error.description.contains(name)) }
    #expect(error.description.count < 500)
  }
}
