/// What the kernels of one instruction set reach on one core.
struct KernelReport: Encodable {
  struct Peak: Encodable {
    /// The type of the activations.
    let multiplies: String
    let instructions: String
    let gigaMACsPerSecond: Double

    private enum CodingKeys: String, CodingKey {
      case multiplies, instructions
      case gigaMACsPerSecond = "gmacs_per_second"
    }
  }

  struct Row: Encodable {
    let shape: String
    let kernel: String
    let gigaMACsPerSecond: Double
    /// Of the peak; nil for plain loops, which have none.
    let percent: Double?

    private enum CodingKeys: String, CodingKey {
      case shape, kernel
      case gigaMACsPerSecond = "gmacs_per_second"
      case percent = "percent_of_peak"
    }

    init(shape: String, kernel: String, multiplications: Int, nanoseconds: UInt64, peak: Peak?) {
      self.shape = shape
      self.kernel = kernel
      let speed = Double(multiplications) / Double(nanoseconds)
      gigaMACsPerSecond = speed
      percent = peak.flatMap { $0.gigaMACsPerSecond > 0 ? speed / $0.gigaMACsPerSecond * 100 : nil }
    }
  }

  let isa: String
  let peaks: [Peak]
  let kernels: [Row]

  /// A headline, a line per peak, and a table whose columns line up.
  var text: String {
    let peakLines = peaks.map { peak in
      "  peak of \(peak.multiplies): \(peak.gigaMACsPerSecond.formatted(decimals: 1)) GMAC/s (\(peak.instructions))"
    }
    let rows = kernels.map { row in
      [
        row.shape, row.kernel, row.gigaMACsPerSecond.formatted(decimals: 2),
        row.percent.map { $0.formatted(decimals: 1) + " %" } ?? "-",
      ]
    }
    return (["\(isa), one core"] + peakLines + Self.aligned([["layer", "kernel", "GMAC/s", "of peak"]] + rows))
      .joined(separator: "\n")
  }

  /// Texts to the left of their columns, the two last, which are numbers, to the right.
  private static func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.first?.indices ?? 0..<0
    let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = columns.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column < 2 ? row[column] + padding : padding + row[column]
      }
      return "  " + cells.joined(separator: "  ")
    }
  }
}
