import Testing

@testable import OctetServing

@Suite struct StreamLayoutTests {
  private func layout(
    _ hint: PerformanceHint, threads: Int = 0, streams: Int = 0, processors: Int = 4, isQuick: Bool = false
  ) -> [Int] {
    var options = ServingOptions()
    options.hint = hint
    options.threads = threads
    options.streams = streams
    let layout = StreamLayout(options, processors: processors, isQuick: isQuick)
    return [layout.streams, layout.threadsPerStream]
  }

  @Test func latencyGivesOneStreamEveryProcessor() { #expect(layout(.latency) == [1, 4]) }
  @Test func throughputGivesEveryProcessorAStream() { #expect(layout(.throughput) == [4, 1]) }
  @Test func threadsLimitBothHints() {
    #expect(layout(.latency, threads: 3) == [1, 3])
    #expect(layout(.throughput, threads: 3) == [3, 1])
  }
  @Test func streamsShareTheThreads() { #expect(layout(.latency, streams: 2) == [2, 2]) }
  @Test func everyStreamHasAThread() { #expect(layout(.throughput, streams: 8) == [8, 1]) }

  @Test func aQuickModelHasAStreamOnEveryProcessorAndOneMoreUnlessToldOtherwise() {
    #expect(layout(.latency, isQuick: true) == [5, 1])
    #expect(layout(.throughput, isQuick: true) == [5, 1])
    #expect(layout(.latency, threads: 2, isQuick: true) == [1, 2])
    #expect(layout(.latency, streams: 2, isQuick: true) == [2, 2])
  }
}
