import Testing

@testable import OctetHTTP

@Suite struct JSONValueTests {
  private func parse(_ text: String) throws -> JSONValue {
    try Array(text.utf8).withUnsafeBytes { try JSONValue(parsing: $0) }
  }

  @Test(arguments: [
    "null", "true", "[]", "{}", "\"a\"", "-7", "9223372036854775807", "[1,[2,{\"b\":null}]]", "{\"b\":1,\"a\":[true]}",
    "\"\\\"\\\\\\n\\u0001é\"",
  ])
  func writesWhatItReads(_ text: String) throws { #expect(try parse(text).text == text) }

  @Test func whatIsNotFiniteBecomesNull() {
    #expect(JSONValue.array([.real(.nan), .real(.infinity), .real(0.5)]).text == "[null,null,0.5]")
  }

  @Test func anEmptyTextIsWritten() { #expect(JSONValue.string("").text == "\"\"") }

  @Test func saysWhereATextIsWrong() throws {
    let error = try #require(throws: JSONSyntaxError.self) { try parse("{\n  \"a\": 1,\n  \"a\": 2}") }
    #expect(error.line == 3)
    #expect(throws: JSONSyntaxError.self) { try parse("") }
    #expect(throws: JSONSyntaxError.self) { try parse("{} {}") }
  }
}
