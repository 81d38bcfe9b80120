import OctetRuntime

#if canImport(Glibc)
  import Glibc
#endif

/// Layer counters in the columns of OpenVINO's benchmark tool.
enum LayerReport {
  private static let header = "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)"

  /// `average_counters` writes one table over all inferences, `detailed_counters` one more for a last inference of
  /// every stream.
  static func write(
    _ report: Benchmark.Report, _ counters: LayerCounters, _ streams: [BenchmarkStream], to directory: String
  ) throws {
    switch report {
    case .averageCounters:
      let average = counters.all.map { Double($0.nanoseconds) / Double(max($0.executions, 1)) }
      try save(table(counters, average), "benchmark_average_counters_report.csv", directory)
    case .detailedCounters:
      let tables = try streams.map { stream throws(ModelError) in
        let before = counters.all.map(\.nanoseconds)
        _ = try stream.inferOnce()
        return table(counters, zip(counters.all, before).map { Double($0.nanoseconds - $1) })
      }
      try save(tables.joined(separator: "\n"), "benchmark_detailed_counters_report.csv", directory)
    }
  }

  private static func table(_ counters: LayerCounters, _ nanoseconds: [Double]) -> String {
    var lines = [header]
    for (counter, time) in zip(counters.all, nanoseconds) {
      let milliseconds = (time / 1e6).formatted(decimals: 3)
      let layer = counter.layer
      lines.append("\(layer.name);EXECUTED;\(layer.operatorName);\(layer.kernel);\(milliseconds);\(milliseconds)")
    }
    let total = (nanoseconds.reduce(0, +) / 1e6).formatted(decimals: 3)
    lines.append("Total;;;;\(total);\(total)")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func save(_ text: String, _ name: String, _ directory: String) throws(CommandError) {
    guard mkdir(directory, 0o777) == 0 || errno == EEXIST else {
      throw CommandError(.badData, "\(directory): cannot be made: \(String(cString: strerror(errno)))")
    }
    let path = "\(directory)/\(name)"
    guard let file = fopen(path, "w") else {
      throw CommandError(.badData, "\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else {
      throw CommandError(.badData, "\(path): not written completely: \(String(cString: strerror(errno)))")
    }
  }
}
