import OctetServing
import Testing

@Suite struct InstantTests {
  private let start = Instant(nanoseconds: 5_000_000_000)

  @Test func addsAndSubtracts() {
    #expect(start + .milliseconds(1500) == Instant(nanoseconds: 6_500_000_000))
    #expect((start + .nanoseconds(1)) - start == .nanoseconds(1))
    #expect(start.duration(to: Instant(nanoseconds: 4_000_000_000)) == .seconds(-1))
    #expect(start < start + .nanoseconds(1))
  }

  @Test(arguments: [0, 1e-9, 0.25, 18, 18.5, 1e6, 9e9, -0.25, -20])
  func durationsAreNumbersOfSeconds(_ seconds: Double) {
    #expect(Duration.seconds(seconds).inSeconds == seconds)
  }

  @Test func staysWithinTime() {
    #expect(start + .seconds(Int64.max) == Instant(nanoseconds: 5_000_000_000 + UInt64(Int64.max)))
    #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
    #expect(start + .seconds(-1) == start, "nothing is due before it was asked for")
  }

  @Test func goesOn() {
    let before = Instant.now
    #expect(before <= Instant.now)
  }
}
