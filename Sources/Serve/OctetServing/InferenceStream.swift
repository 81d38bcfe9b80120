import Dispatch
import OctetKernels
import OctetRuntime
import OctetSystem

/// One executor, its threads, and the serial queue on which it runs, unless the caller runs it.
final class InferenceStream: Sendable {
  let queue: DispatchQueue
  let threads: Int
  /// How long an inference of the smallest inputs takes.
  let quickestRun: Duration
  /// Only whoever has taken the stream runs on it, so this lock never waits.
  private let runner: Lock<BatchRunner>

  /// - Parameter warmUpRuns: how often the smallest inputs are run, so that memory is in place.
  init(
    label: String, model: CompiledModel, threads: Int, saturationSampling: Int, warmUpRuns: Int = 3
  ) throws(ModelError) {
    self.threads = threads
    queue = DispatchQueue(label: label, qos: .userInitiated)
    let team = WorkerTeam(threads: threads)
    let executor = Executor(model: model, team: team, saturationSampling: saturationSampling)
    let runner = BatchRunner(model: model, executor: executor)
    quickestRun = try runner.warmUp(runs: warmUpRuns)
    self.runner = Lock(runner)
  }

  /// A stream of one thread, which is the one that runs it: its warming up starts no other.
  static func single(of model: CompiledModel, _ source: ModelSource) throws(ModelError) -> InferenceStream {
    try InferenceStream(
      label: label(source.name, 0), model: model, threads: 1, saturationSampling: source.options.saturationSampling)
  }

  static func label(_ modelName: String, _ index: Int) -> String { "octet.\(modelName).\(index)" }

  func run(_ request: InferenceRequest) throws(ModelError) -> InferenceResponse {
    try runner.withLock { (runner) throws(ModelError) in try runner.run(request) }
  }

  func run(_ requests: [InferenceRequest]) throws(ModelError) -> [InferenceResponse] {
    try runner.withLock { (runner) throws(ModelError) in try runner.run(requests) }
  }
}
