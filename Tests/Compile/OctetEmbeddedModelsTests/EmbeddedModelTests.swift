import OctetEmbeddedModels
import Testing

@Suite struct EmbeddedModelTests {
  @Test(arguments: EmbeddedModel.names)
  func everyNameHasAnIR(_ name: String) throws {
    let files = try #require(EmbeddedModel.files(named: name))
    #expect(files.xml.starts(with: Array("<?xml".utf8)))
    #expect(String(decoding: files.xml, as: UTF8.self).contains("<net name=\"\(name)\""))
  }

  @Test(arguments: EmbeddedModel.names)
  func weightsReachAsFarAsTheConstantsDo(_ name: String) throws {
    let files = try #require(EmbeddedModel.files(named: name))
    let constants = String(decoding: files.xml, as: UTF8.self).matches(of: /offset="(\d+)" size="(\d+)"/)
    let ends = constants.compactMap { match in Int(match.1).flatMap { offset in Int(match.2).map { offset + $0 } } }
    #expect(ends.count == constants.count)
    #expect(ends.max() == files.weights.count)
  }

  @Test func otherNamesHaveNone() {
    #expect(EmbeddedModel.files(named: "letters") == nil)
  }
}
