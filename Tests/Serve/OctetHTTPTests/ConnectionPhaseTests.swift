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

  @Test func workHasNoEndOfItsOwn() { #expect(ConnectionPhase.working.end(limits) == nil) }

  @Test func keepAliveOutlastsThePausesOfClients() { #expect(limits.idle >= .seconds(75)) }
}
