import FoundationEssentials

/// What commands print with --json.
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

extension Double {
  /// With a fixed number of decimals, rounded half away from zero: 12.345 → 12.35 for two.
  func formatted(decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    guard isFinite, magnitude < 1e15 / scale else { return "\(self)" }
    let scaled = Int((magnitude * scale).rounded())
    let fraction = String(scaled % Int(scale))
    let padding = String(repeating: "0", count: max(0, decimals - fraction.count))
    let sign = self < 0 && scaled > 0 ? "-" : ""
    return sign + "\(scaled / Int(scale))" + (decimals == 0 ? "" : "." + padding + fraction)
  }
}
