import OctetGraph
import OctetTensor

/// The `<data>` attributes of a layer, read as the types that an operator expects.
///
/// Every reader without a default throws for an attribute that is missing, and every reader throws for one that is
/// malformed: the sentence names attribute, expectation and finding.
struct IRAttributes: Sendable {
  private let values: [String: String]

  init(_ values: [String: String]) { self.values = values }

  func has(_ name: String) -> Bool { values[name] != nil }

  // MARK: - Single values

  func text(_ name: String) throws(OperatorError) -> String {
    guard let text = values[name] else {
      throw OperatorError("attribute '\(name)' is missing")
    }
    return Self.trimmed(text)
  }

  func integer(_ name: String, default fallback: Int? = nil) throws(OperatorError) -> Int {
    try value(name, fallback, "a whole number", Self.integer)
  }

  /// A number, `inf`, `-inf` or `nan`.
  func double(_ name: String, default fallback: Double? = nil) throws(OperatorError) -> Double {
    try value(name, fallback, "a number", Self.double)
  }

  /// An attribute that the operator defines as f32: rounded to it, as the framework that wrote it did.
  func float(_ name: String, default fallback: Double? = nil) throws(OperatorError) -> Double {
    Double(Float(try double(name, default: fallback)))
  }

  func boolean(_ name: String, default fallback: Bool? = nil) throws(OperatorError) -> Bool {
    try value(name, fallback, "true or false", Self.boolean)
  }

  func elementType(_ name: String, default fallback: ElementType? = nil) throws(OperatorError) -> ElementType {
    let types = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
    return try value(name, fallback, "one of \(types)") { Self.elementType($0) }
  }

  /// One of these values; all others are refused.
  func choice<Choice: RawRepresentable>(
    _ name: String, of choices: [Choice], default fallback: Choice? = nil
  ) throws(OperatorError) -> Choice where Choice.RawValue == String {
    let list = choices.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return try value(name, fallback, "one of \(list)") { text in
      choices.first { $0.rawValue == text.lowercased() }
    }
  }

  /// One of the values of an enumeration; all others are refused.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: Choice? = nil
  ) throws(OperatorError) -> Choice where Choice.RawValue == String {
    try choice(name, of: Array(Choice.allCases), default: fallback)
  }

  /// Refuses every value but those that the operator has; a missing attribute means the first.
  func require(_ name: String, oneOf allowed: String...) throws(OperatorError) {
    guard let text = values[name].map(Self.trimmed), !allowed.contains(text.lowercased()) else { return }
    let list = allowed.map { "'\($0)'" }.joined(separator: " or ")
    throw .mismatch("attribute '\(name)'", expected: list, found: "'\(text)'")
  }

  // MARK: - Lists

  /// Whole numbers between commas, such as `1,1`; an empty text is an empty list.
  func integers(_ name: String, default fallback: [Int]? = nil) throws(OperatorError) -> [Int] {
    try value(name, fallback, "whole numbers between commas") { Self.list($0, Self.integer) }
  }

  func doubles(_ name: String, default fallback: [Double]? = nil) throws(OperatorError) -> [Double] {
    try value(name, fallback, "numbers between commas") { Self.list($0, Self.double) }
  }

  /// Words between commas.
  func words(_ name: String, default fallback: [String]? = nil) throws(OperatorError) -> [String] {
    try value(name, fallback, "words between commas") { text in Self.list(text) { $0.isEmpty ? nil : $0 } }
  }

  /// A shape whose extents are all known, such as `64, 3, 7, 7`.
  func shape(_ name: String) throws(OperatorError) -> Shape {
    let extents = try integers(name)
    guard let shape = Shape(extents) else {
      throw .mismatch(
        "attribute '\(name)'", expected: "extents whose product is at most \(Shape.maximumElementCount)",
        found: "\(extents)")
    }
    return shape
  }

  /// A shape in which `?` and `-1` stand for any extent and `1..8`, `1..` and `..8` for a range.
  func partialShape(_ name: String) throws(OperatorError) -> PartialShape {
    let text = try text(name)
    guard text != "..." else {
      throw .mismatch("attribute '\(name)'", expected: "a shape of known rank", found: "'...'")
    }
    let expectation = "extents such as 3, ?, -1 or 1..8 between commas"
    let dimensions = try value(name, nil, expectation) { Self.list($0, Self.dimension) }
    let shape = PartialShape(dimensions)
    // The least that it allows must be a possible tensor.
    let least = dimensions.map { dimension in
      switch dimension {
      case .fixed(let extent): extent
      case .bounded(let range): range.lowerBound
      }
    }
    guard Shape(least.map { max($0, 1) }) != nil else {
      throw .mismatch(
        "attribute '\(name)'", expected: "extents whose product is at most \(Shape.maximumElementCount)", found: text)
    }
    return shape
  }

  private func value<Value>(
    _ name: String, _ fallback: Value?, _ expectation: String, _ read: (String) -> Value?
  ) throws(OperatorError) -> Value {
    if values[name] == nil, let fallback { return fallback }
    let text = try text(name)
    guard let value = read(text) else {
      throw .mismatch("attribute '\(name)'", expected: expectation, found: "'\(Self.excerpt(text))'")
    }
    return value
  }
}

// MARK: - Spelling

extension IRAttributes {
  static func integer(_ text: String) -> Int? { Int(trimmed(text)) }

  /// Files also spell infinity and NaN as C does: `inf`, `nan`, `-nan`, `1.#INF` is none of them.
  static func double(_ text: String) -> Double? {
    let lowered = trimmed(text).lowercased()
    return lowered == "-nan" ? .nan : Double(lowered)
  }

  static func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
  }

  /// `f32`, or `FP32` as in ports and in old files.
  static func elementType(_ text: String) -> ElementType? {
    let lowered = text.lowercased()
    if let type = ElementType(rawValue: lowered) { return type }
    if lowered == "bool" { return .boolean }
    return lowered.hasPrefix("fp") ? ElementType(rawValue: "f" + lowered.dropFirst(2)) : nil
  }

  private static func dimension(_ text: String) -> Dimension? {
    if text == "?" || text == "-1" { return .dynamic }
    guard let separator = text.firstRange(of: "..") else {
      return integer(text).flatMap { $0 >= 0 ? .fixed($0) : nil }
    }
    let lower = text[..<separator.lowerBound]
    let upper = text[separator.upperBound...]
    guard let first = lower.isEmpty ? 0 : integer(String(lower)), first >= 0,
      let last = upper.isEmpty ? Int.max : integer(String(upper)), last >= first
    else { return nil }
    return first == last ? .fixed(first) : .bounded(first...last)
  }

  private static func list<Element>(_ text: String, _ read: (String) -> Element?) -> [Element]? {
    if text.isEmpty { return [] }
    var elements: [Element] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let element = read(trimmed(part)) else { return nil }
      elements.append(element)
    }
    return elements
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
    guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(text[first...last])
  }

  /// An error should be one sentence whatever the file holds.
  private static func excerpt(_ text: String) -> String { text.count <= 80 ? text : "\(text.prefix(80))…" }
}
