import Glibc

/// Events, and how long they took all together.
package struct DurationTotal: Hashable, Sendable {
  package var count: UInt64 = 0
  package var nanoseconds: UInt64 = 0

  package init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
    self.count = count
    self.nanoseconds = nanoseconds
  }

  /// Adds `times` events of the same duration.
  mutating func add(_ duration: Duration, times: Int = 1) {
    count &+= UInt64(clamping: times)
    nanoseconds &+= UInt64(clamping: duration.wholeNanoseconds) &* UInt64(clamping: times)
  }
}

/// What Triton's statistics extension tells of one version of a model.
///
/// Source: Triton Inference Server, protocol/extension_statistics.
package struct InferenceStatistics: Hashable, Sendable {
  /// Requests that were answered, and that were not, from their last byte to the answer.
  package var success = DurationTotal()
  package var failure = DurationTotal()
  /// Per request: waiting for an executor.
  package var queue = DurationTotal()
  /// Per request: from the body to tensors.
  package var input = DurationTotal()
  /// Per request: the inference that it took part in.
  package var inference = DurationTotal()
  /// Per request: from tensors to the answer's body.
  package var output = DurationTotal()
  /// Inferences by the rows along axis 0 that they joined.
  package var batches: [Int: DurationTotal] = [:]
  /// Rows of all requests; one for a request that cannot be joined with others.
  package var inferenceCount: UInt64 = 0
  /// When the last request was answered, in milliseconds since 1970.
  package var lastInference: UInt64 = 0

  package init() {}

  /// Inferences, whatever they joined.
  package var executionCount: UInt64 { batches.values.reduce(0) { $0 &+ $1.count } }

  mutating func finishBatch(waits: some Collection<Duration>, rows: Int, after duration: Duration) {
    for wait in waits { queue.add(wait) }
    inference.add(duration, times: waits.count)
    batches[rows, default: DurationTotal()].add(duration)
    inferenceCount &+= UInt64(clamping: rows)
  }

  mutating func finish(isSuccess: Bool, after duration: Duration) {
    guard isSuccess else { return failure.add(duration) }
    success.add(duration)
    lastInference = Self.millisecondsSince1970
  }

  private static var millisecondsSince1970: UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(clamping: now.tv_sec) &* 1000 &+ UInt64(clamping: now.tv_nsec / 1_000_000)
  }
}
