#if canImport(Glibc)
  import Glibc
#endif

/// The figures of one benchmark, as `--json` prints them.
struct BenchmarkSummary: Encodable {
  struct Latency: Encodable {
    let min, median, average, p90, p99, max: Double
  }

  let model, isa, hint: String
  let threads, streams, batch, iterations: Int
  let loadMilliseconds, firstInferenceMilliseconds: Double
  let latencyMilliseconds: Latency
  let throughputPerSecond: Double
  let peakResidentBytes: Int

  private enum CodingKeys: String, CodingKey {
    case model, isa, hint, threads, streams, batch, iterations
    case loadMilliseconds = "load_ms"
    case firstInferenceMilliseconds = "first_inference_ms"
    case latencyMilliseconds = "latency_ms"
    case throughputPerSecond = "throughput_per_second"
    case peakResidentBytes = "peak_resident_bytes"
  }

  init(
    model: String, isa: String, hint: String, threads: Int, streams: Int, batch: Int, loadMilliseconds: Double,
    firstInferenceMilliseconds: Double, measured: Measurement
  ) {
    self.model = model
    self.isa = isa
    self.hint = hint
    self.threads = threads
    self.streams = streams
    self.batch = batch
    iterations = measured.latencies.count
    self.loadMilliseconds = loadMilliseconds
    self.firstInferenceMilliseconds = firstInferenceMilliseconds
    latencyMilliseconds = Latency(ascendingNanoseconds: measured.latencies)
    throughputPerSecond = Double(iterations * batch) / (Double(max(measured.wallNanoseconds, 1)) / 1e9)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    peakResidentBytes = usage.ru_maxrss * 1024
  }

  var text: String {
    func milliseconds(_ value: Double) -> String { value.formatted(decimals: 3) + " ms" }
    return """
      model        \(model)
      kernels      \(isa), \(streams) stream(s) of \(threads / max(streams, 1)) thread(s), hint \(hint), batch \(batch)
      load         \(milliseconds(loadMilliseconds)), first inference \(milliseconds(firstInferenceMilliseconds))
      iterations   \(iterations)
      latency      median \(milliseconds(latencyMilliseconds.median)), average \(milliseconds(latencyMilliseconds.average)), \
      min \(milliseconds(latencyMilliseconds.min)), p90 \(milliseconds(latencyMilliseconds.p90)), p99 \(milliseconds(latencyMilliseconds.p99)), \
      max \(milliseconds(latencyMilliseconds.max))
      throughput   \(throughputPerSecond.formatted(decimals: 1)) per second
      peak memory  \(peakResidentBytes / 1_048_576) MiB
      """
  }
}

extension BenchmarkSummary.Latency {
  /// The p-th percentile of n values is the ⌈n·p/100⌉-th.
  init(ascendingNanoseconds values: [UInt64]) {
    func percentile(_ p: Int) -> Double {
      guard !values.isEmpty else { return 0 }
      return Double(values[Swift.max(0, (values.count * p + 99) / 100 - 1)]) / 1e6
    }
    let sum = values.reduce(0.0) { $0 + Double($1) }
    self.init(
      min: Double(values.first ?? 0) / 1e6, median: percentile(50),
      average: values.isEmpty ? 0 : sum / Double(values.count) / 1e6, p90: percentile(90), p99: percentile(99),
      max: Double(values.last ?? 0) / 1e6)
  }
}
