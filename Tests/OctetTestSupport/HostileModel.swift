import Testing

/// One of the model files in Fixtures/hostile, and what the sentence that refuses it must contain.
package struct HostileModel: Decodable, Sendable, CustomTestStringConvertible {
  /// Text that stands in the file once and is meant many times: files of megabytes need not be kept.
  package struct Repetition: Decodable, Sendable {
    package let text: String
    package let times: Int
  }

  package let name: String
  package let names: [String]
  package let note: String
  package let `repeat`: Repetition?

  package var path: String { "\(Fixtures.path)/hostile/\(name).xml" }
  package var testDescription: String { "\(name): \(note)" }

  package static var all: [HostileModel] {
    get throws { try Fixtures.decode(from: "hostile/hostile.json") }
  }
}
