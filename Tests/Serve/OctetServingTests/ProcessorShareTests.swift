import Testing

@testable import OctetServing

/// Time stands still unless a test moves it.
private let start = Instant.now

@Suite struct ProcessorShareTests {
  private var share = ProcessorShare<String>(processors: 2)

  private mutating func begin(_ model: String, threads: Int = 1, at delay: Duration = .zero) -> Bool {
    share.begin(model, threads: threads, at: start + delay)
  }

  @Test mutating func aModelThatIsAloneRunsAllItsStreams() {
    for _ in 0..<8 {
      let mayBegin = begin("slow")
      #expect(mayBegin)
    }
  }

  @Test mutating func everyModelMayAlwaysRunOneStream() {
    for _ in 0..<8 { _ = begin("slow") }
    let fast = begin("fast", threads: 2)
    #expect(fast)
    let other = begin("other", threads: 2)
    #expect(other)
  }

  @Test mutating func furtherStreamsWaitWhileAnotherModelIsInUse() {
    _ = begin("fast")
    let first = begin("slow")
    #expect(first)
    let second = begin("slow")
    #expect(!second, "both processors are taken")
    share.end("fast", threads: 1, at: start)
    let third = begin("slow", at: .milliseconds(1))
    #expect(third, "a processor is free")
    let fourth = begin("slow", at: .milliseconds(1))
    #expect(!fourth, "the other model has run a moment ago")
    let later = begin("slow", at: .milliseconds(100))
    #expect(later, "nobody else has asked for a while")
  }

  @Test mutating func aFastModelTakesASlowOneDownToItsShare() {
    for _ in 0..<4 { _ = begin("slow") }
    _ = begin("fast")
    for _ in 0..<3 {
      share.end("slow", threads: 1, at: start)
      let again = begin("slow")
      #expect(!again)
    }
    share.end("slow", threads: 1, at: start)
    let last = begin("slow")
    #expect(last)
  }
}
