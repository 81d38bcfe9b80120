import OctetHTTP

/// Collects what is wrong with a configuration, so that one look shows all of it.
final class ConfigurationProblems {
  private let file: String
  private(set) var found: [String] = []

  init(file: String) { self.file = file }

  func add(_ path: String, _ sentence: String) {
    found.append(path.isEmpty ? "\(file): \(sentence)" : "\(file): \(path): \(sentence)")
  }
}

/// An object of the configuration. Values that are there and right replace the defaults that stand in the variables;
/// keys that nobody has asked for are problems.
final class ConfigurationSection {
  private let path: String
  private let members: [JSONValue.Member]
  private let problems: ConfigurationProblems
  private var known: [String] = []

  private init(_ path: String, _ members: [JSONValue.Member], _ problems: ConfigurationProblems) {
    self.path = path
    self.members = members
    self.problems = problems
  }

  /// Reads an object with `body`, and then reports the keys that it has not asked for.
  static func read<Result>(
    _ value: JSONValue, at path: String, _ problems: ConfigurationProblems,
    _ body: (ConfigurationSection) -> Result
  ) -> Result? {
    guard case .object(let members) = value else {
      problems.add(path, "expected an object, found \(value.text)")
      return nil
    }
    let section = ConfigurationSection(path, members, problems)
    defer { section.reportUnknownKeys() }
    return body(section)
  }

  // MARK: - Values

  func read(_ key: String, into variable: inout String) {
    guard let value = value(key) else { return }
    guard case .string(let text) = value, !text.isEmpty else { return expected("a text", key, value) }
    variable = text
  }

  /// null stands for nothing.
  func read(_ key: String, into variable: inout String?) {
    if case .null = value(key) { return variable = nil }
    var text = ""
    read(key, into: &text)
    if !text.isEmpty { variable = text }
  }

  func read(_ key: String, into variable: inout Bool) {
    guard let value = value(key) else { return }
    guard case .boolean(let truth) = value else { return expected("true or false", key, value) }
    variable = truth
  }

  func read(_ key: String, _ range: ClosedRange<Int>, into variable: inout Int) {
    guard let value = value(key) else { return }
    guard case .integer(let number) = value, let number = Int(exactly: number), range.contains(number) else {
      return expected("a whole number from \(range.lowerBound) to \(range.upperBound)", key, value)
    }
    variable = number
  }

  func read(_ key: String, _ range: ClosedRange<Int>, into variable: inout [Int]) {
    guard let value = value(key) else { return }
    let numbers: [Int?]
    if case .array(let elements) = value {
      numbers = elements.map { element in
        guard case .integer(let number) = element, let number = Int(exactly: number) else { return nil }
        return range.contains(number) ? number : nil
      }
    } else {
      numbers = [nil]
    }
    guard !numbers.contains(nil) else {
      return expected("an array of whole numbers from \(range.lowerBound) to \(range.upperBound)", key, value)
    }
    variable = numbers.compactMap { $0 }
  }

  func read(_ key: String, _ range: ClosedRange<Double>, into variable: inout Double) {
    guard let value = value(key) else { return }
    guard let number = Self.number(value), range.contains(number) else {
      return expected("a number from \(range.lowerBound) to \(range.upperBound)", key, value)
    }
    variable = number
  }

  func read(_ key: String, into variable: inout [Double]) {
    guard let value = value(key) else { return }
    guard case .array(let elements) = value, !elements.isEmpty, elements.allSatisfy({ Self.number($0) != nil }) else {
      return expected("an array of numbers", key, value)
    }
    variable = elements.compactMap(Self.number)
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let integer): Double(integer)
    case .real(let real): real
    default: nil
    }
  }

  /// An object whose keys are anybody's.
  func readNumbers(_ key: String, _ range: ClosedRange<Int>, into variable: inout [String: Int]) {
    guard let value = value(key) else { return }
    let problem = "an object of whole numbers from \(range.lowerBound) on"
    guard case .object(let members) = value else { return expected(problem, key, value) }
    for member in members {
      guard case .integer(let number) = member.value, let number = Int(exactly: number), range.contains(number) else {
        return expected(problem, key, value)
      }
      variable[member.name] = number
    }
  }

  /// The texts of an array, or nil where there is none; then the key may be read as something else.
  func texts(_ key: String) -> [String]? {
    guard let value = value(key), case .array(let elements) = value else { return nil }
    let texts = elements.compactMap { element in
      if case .string(let text) = element { text } else { nil }
    }
    if texts.count != elements.count { expected("an array of texts", key, value) }
    return texts
  }

  func read<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, into variable: inout Choice) {
    guard let value = value(key) else { return }
    guard case .string(let text) = value, let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      return expected("one of \(choices)", key, value)
    }
    variable = choice
  }

  // MARK: - Sections

  func section(_ key: String, _ body: (ConfigurationSection) -> Void) {
    guard let value = value(key) else { return }
    Self.read(value, at: place(of: key), problems, body)
  }

  /// The objects of an array, each read with `body`; nil when the key is not there.
  func sections<Result>(_ key: String, _ body: (ConfigurationSection) -> Result?) -> [Result]? {
    guard let value = value(key) else { return nil }
    guard case .array(let elements) = value else {
      expected("an array of objects", key, value)
      return nil
    }
    return elements.enumerated().compactMap { index, element in
      Self.read(element, at: "\(place(of: key))[\(index)]", problems, body) ?? nil
    }
  }

  // MARK: - Problems

  func problem(_ key: String, _ sentence: String) { problems.add(place(of: key), sentence) }

  /// Reports a key that has to be there. One that is there and wrong has been reported already.
  func required(_ key: String, _ value: String?) -> String? {
    if value == nil, !members.contains(where: { $0.name == key }) {
      problem(key, "expected a text, found nothing")
    }
    return value
  }

  private func value(_ key: String) -> JSONValue? {
    if !known.contains(key) { known.append(key) }
    return members.first { $0.name == key }?.value
  }

  private func place(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func expected(_ expectation: String, _ key: String, _ value: JSONValue) {
    problem(key, "expected \(expectation), found \(value.text)")
  }

  private func reportUnknownKeys() {
    for member in members where !known.contains(member.name) {
      problem(member.name, "there is no such key; expected one of \(known.joined(separator: ", "))")
    }
  }
}
