/// Writes the Prometheus text format 0.0.4. All samples of a family stand together, so they are written together.
package struct MetricsText {
  package enum Kind: String { case counter, gauge, histogram }

  package typealias Labels = [(name: String, value: String)]

  package private(set) var text = ""

  package init() {}

  /// Begins a family; its samples follow.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  package mutating func sample(_ name: String, _ labels: Labels = [], _ value: Double) {
    line(name, labels, Self.number(value))
  }

  package mutating func sample(_ name: String, _ labels: Labels = [], _ value: some BinaryInteger) {
    line(name, labels, String(value))
  }

  package mutating func sample(_ name: String, _ labels: Labels, _ histogram: Histogram) {
    let counts = histogram.cumulativeCounts
    let bounds = histogram.bounds.map(Self.number) + ["+Inf"]
    for (bound, count) in zip(bounds, counts) { line("\(name)_bucket", labels + [("le", bound)], String(count)) }
    line("\(name)_sum", labels, Self.number(histogram.total))
    line("\(name)_count", labels, String(counts.last ?? 0))
  }

  private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    text += " " + value + "\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value.isNaN ? "NaN" : "\(value)"
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 < 0x20 }) else {
      return value
    }
    return value.reduce(into: "") { escaped, character in
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case _ where character.isNewline: escaped += "\\n"
      default: escaped.append(character)
      }
    }
  }
}
