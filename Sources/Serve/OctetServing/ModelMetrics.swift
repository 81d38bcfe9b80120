import OctetSystem

/// Why a request was turned away.
package enum RejectionReason: String, CaseIterable, Sendable {
  case queueFull = "queue_full"
  case deadline
  case clientGone = "client_gone"
  case notReady = "not_ready"
}

/// What is counted for one version of one model. Outlives a reload, so that the counters go on.
package final class ModelMetrics: Sendable {
  package let requestSeconds = Histogram.ofSeconds()
  package let queueSeconds = Histogram.ofSeconds()
  package let inferenceSeconds = Histogram.ofSeconds()
  package let batchSize = Histogram.ofBatchSizes()
  private let rejections: [Counter] = RejectionReason.allCases.map { _ in Counter() }
  private let answers = Lock<[Int: UInt64]>([200: 0])
  private let totals = Lock(InferenceStatistics())

  package init() {}

  package func reject(_ reason: RejectionReason) {
    for (counter, known) in zip(rejections, RejectionReason.allCases) where known == reason { counter.add() }
  }

  /// Counts a request that has been answered with an HTTP status, whatever it is.
  package func finish(status: Int, after duration: Duration) {
    answers.withLock { $0[status, default: 0] += 1 }
    requestSeconds.record(duration)
    totals.withLock { $0.finish(isSuccess: status == 200, after: duration) }
  }

  /// Counts the way of one request from its queue to an executor.
  package func leaveQueue(after duration: Duration) {
    queueSeconds.record(duration)
    totals.withLock { $0.queue.add(duration) }
  }

  /// Counts one inference that has answered `requests` requests with `rows` rows along axis 0.
  package func finishBatch(requests: Int, rows: Int, after duration: Duration) {
    inferenceSeconds.record(duration)
    batchSize.record(Double(rows))
    totals.withLock { $0.finishBatch(requests: requests, rows: rows, after: duration) }
  }

  /// Counts the way of one request's body to tensors.
  package func finishReading(after duration: Duration) { totals.withLock { $0.input.add(duration) } }

  /// Counts the way of one answer's tensors to a body.
  package func finishWriting(after duration: Duration) { totals.withLock { $0.output.add(duration) } }

  package var statistics: InferenceStatistics { totals.withLock { $0 } }

  package func rejections(for reason: RejectionReason) -> UInt64 {
    zip(rejections, RejectionReason.allCases).first { $0.1 == reason }?.0.value ?? 0
  }

  /// Answers by HTTP status, in ascending order.
  package var answersByStatus: [(status: Int, count: UInt64)] {
    answers.withLock { $0.sorted { $0.key < $1.key } }.map { ($0.key, $0.value) }
  }
}
