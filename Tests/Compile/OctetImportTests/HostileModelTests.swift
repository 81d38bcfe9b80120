import FoundationEssentials
import OctetImport
import OctetRuntime
import OctetSystem
import Testing

/// One of the model files in Fixtures/hostile, and what the sentence that refuses it must contain.
struct HostileModel: Decodable, Sendable, CustomTestStringConvertible {
  /// Text that stands in the file once and is meant many times: files of megabytes need not be kept.
  struct Repetition: Decodable {
    let text: String
    let times: Int
  }

  let name: String
  let names: [String]
  let note: String
  let `repeat`: Repetition?

  var testDescription: String { "\(name): \(note)" }

  static var all: [HostileModel] {
    get throws { try Fixtures.decode(from: "hostile/hostile.json") }
  }
}

@Suite struct HostileModelTests {
  @Test(arguments: try HostileModel.all)
  func isRefusedInASentenceThatNamesThePlace(_ model: HostileModel) throws {
    let path = "\(Fixtures.path)/hostile/\(model.name).xml"
    let error = try #require(throws: ModelError.self) {
      guard let repetition = model.repeat else { return _ = try ModelImporter.graph(from: path) }
      let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        .replacing("@REPEAT@", with: String(repeating: repetition.text, count: repetition.times))
      let weights = try MappedFile(path: "\(Fixtures.path)/hostile/\(model.name).bin")
      _ = try ModelImporter.graph(xml: MappedFile(bytes: Array(text.utf8)), weights: weights, name: path)
    }
    #expect(error.description.hasPrefix(path))
    for name in model.names { #expect(error.description.contains(name)) }
    #expect(error.description.count < 500)
  }
}
