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
  private let totals = Lock(Totals())

  /// Under one lock: several threads take it for every request.
  private struct Totals {
    var statistics = InferenceStatistics()
    /// By HTTP status.
    var answers: [Int: UInt64] = [200: 0]
  }

  package init() {}

  package func reject(_ reason: RejectionReason) {
    for (counter, known) in zip(rejections, RejectionReason.allCases) where known == reason { counter.add() }
  }

  /// Counts a request that has been answered with an HTTP status, whatever it is.
  ///
  /// - Parameters:
  ///   - reading: how long its body took to become tensors, where it got that far.
  ///   - writing: how long its tensors took to become a body, where it has one.
  package func finish(
    status: Int, after duration: Duration, reading: Duration? = nil, writing: Duration? = nil
  ) {
    requestSeconds.record(duration)
    totals.withLock { totals in
      totals.answers[status, default: 0] += 1
      if let reading { totals.statistics.input.add(reading) }
      if let writing { totals.statistics.output.add(writing) }
      totals.statistics.finish(isSuccess: status == 200, after: duration)
    }
  }

  /// Counts one inference of `rows` rows along axis 0, and how long each request that it answers had waited for it.
  package func finishBatch(waits: some Collection<Duration>, rows: Int, after duration: Duration) {
    for wait in waits { queueSeconds.record(wait) }
    inferenceSeconds.record(duration)
    batchSize.record(Double(rows))
    totals.withLock { $0.statistics.finishBatch(waits: waits, rows: rows, after: duration) }
  }

  package var statistics: InferenceStatistics { totals.withLock { $0.statistics } }

  package func rejections(for reason: RejectionReason) -> UInt64 {
    zip(rejections, RejectionReason.allCases).first { $0.1 == reason }?.0.value ?? 0
  }

  /// Answers by HTTP status, in ascending order.
  package var answersByStatus: [(status: Int, count: UInt64)] {
    totals.withLock { $0.answers.sorted { $0.key < $1.key } }.map { ($0.key, $0.value) }
  }
}
