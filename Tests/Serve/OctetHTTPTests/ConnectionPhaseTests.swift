import OctetServing
import Testing

@testable import OctetHTTP

@Suite struct ConnectionPhaseTests {
  private let limits = TimeLimits()
  private let start = Instant.now

  @Test func everyPhaseThatWaitsForTheClientEnds() {
    #expect(ConnectionPhase.receivingHead(since: start).end(limits) == start + .seconds(10))
    #expect(ConnectionPhase.idle(since: start).end(limits) == start + .seconds(120))
  }

  @Test func largeBodiesHaveMoreTime() {
    #expect(ConnectionPhase.receivingBody(since: start, byteCount: 100).end(limits) == start + .seconds(30))
    #expect(ConnectionPhase.receivingBody(since: start, byteCount: 64 << 20).end(limits) == start + .seconds(94))
    #expect(ConnectionPhase.sending(since: start, byteCount: 2 << 20).end(limits) == start + .seconds(32))
  }

  @Test(arguments: [
    ConnectionPhase.idle(since: Instant(nanoseconds: 1_000)),
    .receivingHead(since: Instant(nanoseconds: 5_000_000_000)),
    .receivingBody(since: Instant(nanoseconds: 1 << 57 / 1000 * 1000), byteCount: 3 << 20),
    .sending(since: Instant(nanoseconds: 0), byteCount: 0), .working,
  ])
  func fitsIntoAWord(_ phase: ConnectionPhase) { #expect(ConnectionPhase(word: phase.word) == phase) }

  @Test func whatIsTooLargeForAWordIsCutShort() {
    let phase = ConnectionPhase.receivingBody(since: Instant(nanoseconds: 1_999), byteCount: Int.max)
    #expect(
      ConnectionPhase(word: phase.word)
        == .receivingBody(since: Instant(nanoseconds: 1_000), byteCount: 0x1FFF << 20))
  }

  @Test func workHasNoEndOfItsOwn() { #expect(ConnectionPhase.working.end(limits) == nil) }

  @Test func keepAliveOutlastsThePausesOfClients() { #expect(limits.idle >= .seconds(75)) }
}
