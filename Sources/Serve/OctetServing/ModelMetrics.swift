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

  package init() {}

  package func reject(_ reason: RejectionReason) {
    for (counter, known) in zip(rejections, RejectionReason.allCases) where known == reason { counter.add() }
  }

  /// Counts a request that has been answered with an HTTP status, whatever it is.
  package func finish(status: Int, after duration: Duration) {
    answers.withLock { $0[status, default: 0] += 1 }
    requestSeconds.record(duration)
  }

  package func rejections(for reason: RejectionReason) -> UInt64 {
    zip(rejections, RejectionReason.allCases).first { $0.1 == reason }?.0.value ?? 0
  }

  /// Answers by HTTP status, in ascending order.
  package var answersByStatus: [(status: Int, count: UInt64)] {
    answers.withLock { $0.sorted { $0.key < $1.key } }.map { ($0.key, $0.value) }
  }
}
