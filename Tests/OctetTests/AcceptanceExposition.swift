import Testing

/// The Prometheus text format 0.0.4, read strictly: what `promtool check metrics` refuses is an error.
struct Exposition {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct Sample {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  private enum Kind: String { case counter, gauge, histogram }

  private var kinds: [String: Kind] = [:]
  private var documented: Set<String> = []
  private var samples: [Sample] = []
  /// Families whose samples are over: nothing more of them may come.
  private var current: String?
  private var finished: Set<String> = []

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Failure(description: "the last line has no end") }
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) { try read(String(line)) }
    let series = samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }
    guard Set(series).count == series.count else { throw Failure(description: "a series stands twice") }
  }

  // MARK: - Questions

  /// The values of the samples that have all of these labels, in their order.
  func values(of name: String, _ labels: [String: String] = [:]) -> [Double] {
    samples.filter { sample in sample.name == name && labels.allSatisfy { sample.labels[$0] == $1 } }.map(\.value)
  }

  /// What a label says in the samples of one name.
  func labels(of name: String, _ label: String) -> [String] {
    samples.filter { $0.name == name }.compactMap { $0.labels[label] }
  }

  /// Buckets grow, and the last, +Inf, holds as many as the count.
  func checkHistograms() throws {
    for (name, kind) in kinds where kind == .histogram {
      let buckets = Dictionary(grouping: samples.filter { $0.name == "\(name)_bucket" }) { sample in
        sample.labels.filter { $0.key != "le" }
      }
      for (labels, buckets) in buckets {
        let values = buckets.map(\.value)
        guard values == values.sorted(), buckets.last?.labels["le"] == "+Inf",
          values.last == self.values(of: "\(name)_count", labels).first
        else { throw Failure(description: "\(name)\(labels): the buckets \(values) do not add up") }
      }
    }
  }

  // MARK: - Lines

  private mutating func read(_ line: String) throws {
    if let help = line.wholeMatch(of: /# HELP ([a-z_]+) (\S.*)/) {
      try begin(String(help.1))
      guard documented.insert(String(help.1)).inserted else { throw Failure(description: "two HELP lines: \(line)") }
    } else if let type = line.wholeMatch(of: /# TYPE ([a-z_]+) ([a-z]+)/) {
      let name = String(type.1)
      guard let kind = Kind(rawValue: String(type.2)), kinds.updateValue(kind, forKey: name) == nil, name == current,
        (kind == .counter) == name.hasSuffix("_total")
      else { throw Failure(description: "an unknown or second type, or a name that does not fit it: \(line)") }
    } else {
      try readSample(line)
    }
  }

  private mutating func begin(_ family: String) throws {
    if let current { finished.insert(current) }
    guard !finished.contains(family) else { throw Failure(description: "\(family) stands in two places") }
    current = family
  }

  private mutating func readSample(_ line: String) throws {
    guard let match = line.wholeMatch(of: /([a-z_]+)(?:\{(.+)\})? (\S+)/),
      let value = match.3 == "+Inf" ? Double.infinity : Double(match.3)
    else { throw Failure(description: "expected a sample, found: \(line)") }
    let name = String(match.1)
    guard let family = current, let kind = kinds[family], Self.names(of: family, kind).contains(name) else {
      throw Failure(description: "\(name) does not belong to the family \(current ?? "that is missing")")
    }
    guard value.isFinite, kind == .gauge || value >= 0 else { throw Failure(description: "a wrong value: \(line)") }
    samples.append(Sample(name: name, labels: try Self.labels(String(match.2 ?? ""), in: line), value: value))
  }

  private static func names(of family: String, _ kind: Kind) -> [String] {
    kind == .histogram ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
  }

  private static func labels(_ text: String, in line: String) throws -> [String: String] {
    var labels: [String: String] = [:]
    var rest = text[...]
    while !rest.isEmpty {
      guard let label = rest.prefixMatch(of: /([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/),
        labels.updateValue(String(label.2), forKey: String(label.1)) == nil
      else { throw Failure(description: "expected labels, found \(rest) in: \(line)") }
      rest = rest[label.range.upperBound...]
    }
    return labels
  }
}

@Suite struct ExpositionTests {
  private static let good = """
    # HELP a_total All.
    # TYPE a_total counter
    a_total{x="1",y="a \\"b\\""} 3
    a_total 4
    # HELP h_seconds Times.
    # TYPE h_seconds histogram
    h_seconds_bucket{le="1"} 1
    h_seconds_bucket{le="+Inf"} 2
    h_seconds_sum 5.5
    h_seconds_count 2

    """

  @Test func readsWhatIsRight() throws {
    let exposition = try Exposition(Self.good)
    try exposition.checkHistograms()
    #expect(exposition.values(of: "a_total") == [3, 4])
    #expect(exposition.labels(of: "a_total", "y") == [#"a \"b\""#])
  }

  @Test(arguments: [
    ("# TYPE a_total counter\n", ""), ("counter", "gauge"), ("counter", "number"), ("a_total 4", "b_total 4"),
    ("a_total 4", "a_total four"), ("a_total 4", "a_total -4"), ("a_total 4", "a_total NaN"),
    (#"{x="1","#, #"{x="1";"#), (#"{x="1","#, #"{x=1,"#), ("a_total 4", "a_total 4\na_total 4"),
    ("h_seconds_sum 5.5", "# HELP a_total Again.\na_total{z=\"1\"} 1"), ("_count 2\n", "_count 2"),
    (#"le="1"} 1"#, #"le="1"} 3"#), ("_count 2", "_count 3"),
  ])
  func refusesWhatPrometheusWould(_ part: String, _ replacement: String) throws {
    let text = Self.good.replacing(part, with: replacement)
    try #require(text != Self.good)
    #expect(throws: Exposition.Failure.self) { try Exposition(text).checkHistograms() }
  }
}
