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

  init(
    label: String, model: CompiledModel, threads: Int, saturationSampling: Int
  ) throws(ModelError) {
    self.threads = threads
    queue = DispatchQueue(label: label, qos: .userInitiated)
    let team = WorkerTeam(threads: threads)
    let executor = Executor(model: model, team: team, saturationSampling: saturationSampling)
    let runner = BatchRunner(model: model, executor: executor)
    quickestRun = try runner.warmUp()
    self.runner = Lock(runner)
  }

  func run(_ requests: [InferenceRequest]) throws(ModelError) -> [InferenceResponse] {
    try runner.withLock { (runner) throws(ModelError) in try runner.run(requests) }
  }
}
