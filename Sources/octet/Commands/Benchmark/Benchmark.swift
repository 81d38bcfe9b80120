import ArgumentParser
import OctetKernels
import OctetRuntime
import OctetSystem
import OctetTensor

#if canImport(Glibc)
  import Glibc
#endif

/// octet benchmark: latency, throughput and layer counters of a model.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures latency and throughput of a model on random inputs.",
    discussion: """
      octet benchmark model.xml --hint latency         all threads work on one inference
      octet benchmark model.xml --hint throughput      one inference per thread at a time
      """)

  enum Hint: String, ExpressibleByArgument, CaseIterable {
    case latency, throughput
  }

  enum Report: String, ExpressibleByArgument, CaseIterable {
    case averageCounters = "average_counters"
    case detailedCounters = "detailed_counters"
  }

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String

  @Option(help: "latency or throughput.")
  var hint = Hint.latency

  @OptionGroup var threads: ThreadOptions

  @Option(help: "Inferences that run at once; 0 takes 1 for latency, one per thread for throughput.")
  var streams = 0

  @Option(help: "Extent of the first axis where the model leaves it open.")
  var batch = 1

  @Option(help: "How long to measure.")
  var seconds = 5.0

  @Option(help: "Measure this many inferences instead.")
  var iterations: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Write layer counters in OpenVINO's columns: average_counters or detailed_counters.")
  var report: Report?

  @Option(help: "Where the report goes.")
  var reportDirectory = "."

  func validate() throws {
    guard (0...1024).contains(streams) else { throw ValidationError("--streams takes 0 to 1024, not \(streams)") }
    guard (1...65536).contains(batch) else { throw ValidationError("--batch takes 1 to 65536, not \(batch)") }
    guard seconds > 0, seconds <= 86400 else { throw ValidationError("--seconds takes up to 86400, not \(seconds)") }
    if let iterations, !(1...1_000_000_000).contains(iterations) {
      throw ValidationError("--iterations takes 1 to 1000000000, not \(iterations)")
    }
  }

  func run() throws {
    let loadStart = monotonicNanoseconds()
    let compiled = try ModelLoading.model(from: model)
    let plan = try compiled.plan(for: shapes(of: compiled))
    let loadEnd = monotonicNanoseconds()

    let streamCount = streams > 0 ? streams : (hint == .latency ? 1 : threads.count)
    let teamSize = max(1, threads.count / streamCount)
    let runs = (0..<streamCount).map { BenchmarkStream(compiled, plan, team: WorkerTeam(threads: teamSize), seed: $0) }
    let first = runs[0].inferOnce()
    let deadline = iterations == nil ? seconds : nil
    let measured = BenchmarkRunner(runs, seconds: deadline, iterations: iterations).run()
    let summary = BenchmarkSummary(
      model: model, isa: compiled.instructionSet, hint: hint.rawValue, threads: teamSize * streamCount,
      streams: streamCount, batch: batch, loadMilliseconds: Double(loadEnd - loadStart) / 1e6,
      firstInferenceMilliseconds: Double(first) / 1e6, measured: measured)
    print(json ? try JSONText.encode(summary) : summary.text)
    if let report { try LayerReport.write(report, plan, compiled.counters, runs, to: reportDirectory) }
  }

  /// The smallest shapes, with the open first axis at `batch`.
  private func shapes(of model: CompiledModel) throws -> [Shape] {
    try zip(model.signature.inputs, model.smallestInputShapes).map { port, shape in
      guard batch > 1 else { return shape }
      guard shape.rank > 0, port.type.shape[0].accepts(batch) else {
        throw CommandError(.usage, "--batch \(batch): input '\(port.name)' takes \(port.type.shape)")
      }
      return Shape(valid: [batch] + shape.extents.dropFirst())
    }
  }
}
