import ArgumentParser
import OctetKernels
import OctetRuntime
import OctetSystem
import OctetTensor

/// octet benchmark: latency, throughput and layer counters of a model, or the speed of the kernels themselves.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures latency and throughput of a model on random inputs, or the kernels without a model.",
    discussion: """
      octet benchmark model.xml --hint latency         all threads work on one inference
      octet benchmark model.xml --hint throughput      one inference per thread at a time
      octet benchmark model.xml --shape x=1,3,320,320  where the model leaves extents open
      octet benchmark --kernels --isa avx2             GMAC/s of every kernel, and percent of what a core could do
      """)

  enum Hint: String, ExpressibleByArgument, CaseIterable {
    case latency, throughput
  }

  enum Report: String, ExpressibleByArgument, CaseIterable {
    case averageCounters = "average_counters"
    case detailedCounters = "detailed_counters"
  }

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String?

  @Option(help: "latency or throughput.")
  var hint = Hint.latency

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var strictness: StrictnessOptions

  @Option(help: "Inferences that run at once; 0 takes 1 for latency, one per thread for throughput.")
  var streams = 0

  @Option(help: "Extent of the first axis where the model leaves it open.")
  var batch = 1

  @Option(
    name: .customLong("shape"),
    help: "The shape of an input as [NAME=]1,3,224,224, once per input; elsewhere open extents are as small as may be.")
  var shapes: [ShapeArgument] = []

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

  @Flag(help: "Measure the kernels, on one core and on shapes of well-known networks, instead of a model.")
  var kernels = false

  @Option(help: "With --kernels: only this instruction set, instead of every one that the processor has.")
  var isa: InstructionSet?

  func validate() throws {
    guard (model == nil) == kernels else { throw ValidationError("expected either MODEL or --kernels") }
    guard isa == nil || kernels else {
      throw ValidationError("--isa belongs to --kernels; OCTET_MAX_ISA caps what a model runs on")
    }
    if let isa, !isa.isSupportedHere { throw ValidationError("--isa \(isa): this processor does not have it") }
    guard (0...1024).contains(streams) else { throw ValidationError("--streams takes 0 to 1024, not \(streams)") }
    guard (1...65536).contains(batch) else { throw ValidationError("--batch takes 1 to 65536, not \(batch)") }
    guard seconds > 0, seconds <= 86400 else { throw ValidationError("--seconds takes up to 86400, not \(seconds)") }
    if let iterations, !(1...1_000_000_000).contains(iterations) {
      throw ValidationError("--iterations takes 1 to 1000000000, not \(iterations)")
    }
  }

  func run() throws {
    guard let model else { return try runKernels() }
    let loadStart = monotonicNanoseconds()
    let compiled = try ModelLoading.model(from: model)
    let inputShapes = try InputShapes(requested: shapes, batch: batch).resolved(for: compiled)
    let plan = try compiled.plan(for: inputShapes)
    let loadEnd = monotonicNanoseconds()
    try strictness.check(compiled, model)

    let streamCount = streams > 0 ? streams : (hint == .latency ? 1 : threads.count)
    let teamSize = max(1, threads.count / streamCount)
    let runs = (0..<streamCount).map { BenchmarkStream(compiled, plan, team: WorkerTeam(threads: teamSize), seed: $0) }
    let first = try runs[0].inferOnce()
    let deadline = iterations == nil ? seconds : nil
    let measured = try BenchmarkRunner(runs, seconds: deadline, iterations: iterations).run()
    let summary = BenchmarkSummary(
      model: model, isa: compiled.instructionSet, hint: hint.rawValue, threads: teamSize * streamCount,
      streams: streamCount, batch: compiled.signature.isBatchable ? inputShapes[0][0] : batch,
      loadMilliseconds: Double(loadEnd - loadStart) / 1e6, firstInferenceMilliseconds: Double(first) / 1e6,
      measured: measured)
    print(json ? try JSONText.encode(summary) : summary.text)
    if let report { try LayerReport.write(report, compiled.counters, runs, to: reportDirectory) }
  }

  private func runKernels() throws {
    let instructionSets = isa.map { [$0] } ?? CPU.current.instructionSets.reversed()
    let reports = KernelBenchmark(instructionSets: instructionSets).run()
    print(json ? try JSONText.encode(reports) : reports.map(\.text).joined(separator: "\n\n"))
  }
}

extension InstructionSet: ExpressibleByArgument {}
