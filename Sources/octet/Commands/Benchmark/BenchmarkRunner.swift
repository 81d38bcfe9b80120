import Dispatch
import OctetKernels
import OctetRuntime
import OctetTensor
import Synchronization

/// One inference after another on inputs and outputs of its own.
///
/// Sendable because each stream is run by one thread at a time: the first inference on the caller's, the measurement on
/// its own.
final class BenchmarkStream: @unchecked Sendable {
  private let executor: Executor
  private let plan: ExecutionPlan
  private let inputs: [Tensor]
  private let outputs: [Tensor]
  private let inputBases: [UnsafeRawPointer]
  private let outputBases: [UnsafeMutableRawPointer]

  init(_ model: CompiledModel, _ plan: ExecutionPlan, team: WorkerTeam, seed: Int) {
    executor = Executor(model: model, team: team)
    self.plan = plan
    var random = RandomNumbers(seed: UInt64(seed))
    inputs = plan.inputs.map { random.tensor($0.elementType, $0.shape) }
    outputs = plan.outputs.map { Tensor($0.elementType, $0.shape) }
    inputBases = inputs.map { UnsafeRawPointer($0.storage.base) }
    outputBases = outputs.map(\.storage.base)
  }

  /// Nanoseconds of one inference.
  func inferOnce() throws(ModelError) -> UInt64 {
    let start = monotonicNanoseconds()
    guard plan.continuation == nil else {
      _ = try executor.run(inputs)
      return monotonicNanoseconds() - start
    }
    try inputBases.withUnsafeBufferPointer { (inputs) throws(ModelError) in
      try outputBases.withUnsafeBufferPointer { (outputs) throws(ModelError) in
        try executor.run(plan, inputs: inputs, outputs: outputs)
      }
    }
    return monotonicNanoseconds() - start
  }
}

/// What a measurement found.
struct Measurement {
  /// Nanoseconds of every inference, ascending.
  let latencies: [UInt64]
  let wallNanoseconds: UInt64
}

/// Runs every stream on a thread of its own until time or iterations are over.
struct BenchmarkRunner {
  private static let warmUpInferences = 3

  private let streams: [BenchmarkStream]
  private let seconds: Double?
  private let iterations: Int?

  init(_ streams: [BenchmarkStream], seconds: Double?, iterations: Int?) {
    self.streams = streams
    self.seconds = seconds
    self.iterations = iterations
  }

  func run() throws(ModelError) -> Measurement {
    for stream in streams { for _ in 0..<Self.warmUpInferences { _ = try stream.inferOnce() } }
    let started = Atomic<Int>(0)
    let collected = Mutex<[UInt64]>([])
    let failure = Mutex<ModelError?>(nil)
    let limit = iterations ?? .max
    let start = monotonicNanoseconds()
    let end = seconds.map { start + UInt64($0 * 1e9) } ?? .max
    DispatchQueue.concurrentPerform(iterations: streams.count) { index in
      var latencies: [UInt64] = []
      latencies.reserveCapacity(1 << 16)
      var lastProgress = start
      while monotonicNanoseconds() < end, started.wrappingAdd(1, ordering: .relaxed).newValue <= limit {
        do throws(ModelError) {
          latencies.append(try streams[index].inferOnce())
        } catch {
          failure.withLock { $0 = error }
          break
        }
        let now = monotonicNanoseconds()
        if index == 0, now - lastProgress > 500_000_000 {
          lastProgress = now
          showProgress(started.load(ordering: .relaxed), nanoseconds: now - start)
        }
      }
      collected.withLock { $0 += latencies }
    }
    StandardError.progress("")
    if let failure = failure.withLock({ $0 }) { throw failure }
    return Measurement(latencies: collected.withLock { $0.sorted() }, wallNanoseconds: monotonicNanoseconds() - start)
  }

  private func showProgress(_ inferences: Int, nanoseconds: UInt64) {
    let count = iterations.map { "\(min(inferences, $0)) of \($0)" } ?? "\(inferences)"
    let length = seconds.map { " of \($0.formatted(decimals: 1))" } ?? ""
    StandardError.progress("\(count) inferences, \((Double(nanoseconds) / 1e9).formatted(decimals: 1))\(length) s")
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same inputs in every run.
struct RandomNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Floats from a sum of uniform numbers with mean 0 and variance 1; ones for integers, which may be indices.
  mutating func tensor(_ elementType: ElementType, _ shape: Shape) -> Tensor {
    let values = (0..<shape.elementCount).map { _ in
      elementType.isFloatingPoint ? (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) } : 1
    }
    return Tensor(elementType, shape, converting: values)
  }
}
