import Logging
import Testing

@testable import OctetSystem

@Suite struct LogHandlersTests {
  private func line(_ message: String, _ fields: [(key: String, value: String)] = []) -> LogLine {
    LogLine(
      time: Timestamp(seconds: 1_769_860_800, milliseconds: 7), level: .info, label: "octet.http", message: message,
      fields: fields)
  }

  @Test func textIsOneLineForPeople() {
    #expect(
      line("model ready", [("model", "digits")]).formatted(as: .text)
        == "2026-01-31T12:00:00.007Z info    octet.http: model ready model=digits")
  }

  @Test func textCannotBeBrokenByWhatItSays() {
    let text = line("a\nb\u{1B}[31m", [("name", "c\r\nd")]).formatted(as: .text)
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
    #expect(text.contains("a b [31m name=c  d"))
  }

  @Test func jsonEscapesWhatItSays() {
    #expect(
      line("say \"no\"\n\\\u{1}", [("model", "é")]).formatted(as: .json)
        == #"{"time":"2026-01-31T12:00:00.007Z","level":"info","logger":"octet.http","#
        + #""message":"say \"no\"\n\\\u0001","model":"é"}"#)
  }
}
