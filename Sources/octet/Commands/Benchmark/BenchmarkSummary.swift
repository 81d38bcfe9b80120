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
  let load_ms, first_inference_ms: Double
  let latency_ms: Latency
  let throughput_per_second: Double
  let peak_resident_bytes: Int

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
    load_ms = loadMilliseconds
    first_inference_ms = firstInferenceMilliseconds
    latency_ms = Latency(ascendingNanoseconds: measured.latencies)
    throughput_per_second = Double(iterations * batch) / (Double(max(measured.wallNanoseconds, 1)) / 1e9)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    peak_resident_bytes = usage.ru_maxrss * 1024
  }

  var text: String {
    func milliseconds(_ value: Double) -> String { value.formatted(decimals: 3) + " ms" }
    return """
      model        \(model)
      kernels      \(isa), \(streams) stream(s) of \(threads / max(streams, 1)) thread(s), hint \(hint), batch \(batch)
      load         \(milliseconds(load_ms)), first inference \(milliseconds(first_inference_ms))
      iterations   \(iterations)
      latency      median \(milliseconds(latency_ms.median)), average \(milliseconds(latency_ms.average)), \
      min \(milliseconds(latency_ms.min)), p90 \(milliseconds(latency_ms.p90)), p99 \(milliseconds(latency_ms.p99)), \
      max \(milliseconds(latency_ms.max))
      throughput   \(throughput_per_second.formatted(decimals: 1)) per second
      peak memory  \(peak_resident_bytes / 1_048_576) MiB
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
