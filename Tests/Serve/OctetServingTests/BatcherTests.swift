import Testing

@testable import OctetServing

/// Time stands still unless a test moves it.
private let start = Instant.now

private func request(
  _ name: String, rows: Int = 1, group: [[Int]]? = [[2]], at delay: Duration = .zero, deadline: Duration? = nil
) -> Batcher<String>.Entry {
  Batcher.Entry(
    work: name, group: group, rows: rows, arrival: start + delay, deadline: deadline.map { start + $0 })
}

private func batcher(
  capacity: Int = 8, maximum: Int = 4, delay: Duration = .zero, _ requests: [Batcher<String>.Entry]
) -> Batcher<String> {
  var batcher = Batcher<String>(capacity: capacity, maximumBatch: maximum, delay: delay)
  for request in requests {
    let isTaken = batcher.add(request)
    #expect(isTaken)
  }
  return batcher
}

extension Batcher.Decision where Work == String {
  fileprivate var names: [String]? {
    if case .run(let entries) = self { entries.map(\.work) } else { nil }
  }
}

@Suite struct BatcherTests {
  @Test func hasNothingToDoWhenNothingWaits() {
    var batcher = batcher([])
    #expect(batcher.next(at: start) == .nothing)
    #expect(batcher.nextDeadline == nil)
  }

  @Test func runsASingleRequestAtOnce() {
    var batcher = batcher([request("a")])
    #expect(batcher.next(at: start).names == ["a"])
    #expect(batcher.depth == 0)
  }

  @Test func joinsWhatWaitsUpToTheMaximum() {
    var batcher = batcher(maximum: 3, ["a", "b", "c", "d"].map { request($0) })
    #expect(batcher.next(at: start).names == ["a", "b", "c"])
    #expect(batcher.next(at: start).names == ["d"])
  }

  @Test func countsRowsNotRequests() {
    var batcher = batcher(maximum: 4, [request("a", rows: 2), request("b", rows: 3), request("c", rows: 2)])
    #expect(batcher.next(at: start).names == ["a", "c"])
    #expect(batcher.next(at: start).names == ["b"])
  }

  @Test func runsARequestThatIsLargerThanAnyBatchAlone() {
    var batcher = batcher(maximum: 4, [request("a", rows: 9), request("b")])
    #expect(batcher.next(at: start).names == ["a"])
  }

  @Test func joinsOnlyEqualShapesAndKeepsTheOldestFirst() {
    var batcher = batcher([request("a"), request("b", group: [[3]]), request("c")])
    #expect(batcher.next(at: start).names == ["a", "c"])
    #expect(batcher.next(at: start).names == ["b"])
  }

  @Test func neverJoinsRequestsThatCannotBeJoined() {
    var batcher = batcher([request("a", group: nil), request("b", group: nil)])
    #expect(batcher.next(at: start).names == ["a"])
  }

  @Test func refusesWhatExceedsItsCapacity() {
    var batcher = batcher(capacity: 2, [request("a"), request("b")])
    let isTaken = batcher.add(request("c"))
    #expect(!isTaken)
    #expect(batcher.depth == 2)
  }

  @Test func takesRequestsAgainWhenOthersHaveLeft() {
    var batcher = batcher(capacity: 1, [request("a")])
    _ = batcher.next(at: start)
    let isTaken = batcher.add(request("b"))
    #expect(isTaken)
  }

  @Test func waitsForCompanyFromTheArrivalOfTheOldest() {
    var batcher = batcher(delay: .milliseconds(5), [request("a"), request("b", at: .milliseconds(3))])
    let end = start + .milliseconds(5)
    #expect(batcher.next(at: start + .milliseconds(3)) == .wait(until: end))
    #expect(batcher.next(at: end).names == ["a", "b"])
  }

  @Test func aFullBatchDoesNotWait() {
    var batcher = batcher(maximum: 2, delay: .milliseconds(5), [request("a"), request("b")])
    #expect(batcher.next(at: start).names == ["a", "b"])
  }

  @Test func removesExactlyTheRequestsWhoseDeadlineHasPassed() {
    var batcher = batcher([
      request("a", deadline: .milliseconds(10)), request("b"), request("c", deadline: .milliseconds(20)),
    ])
    #expect(batcher.nextDeadline == start + .milliseconds(10))
    #expect(batcher.removeExpired(at: start + .milliseconds(9)).isEmpty)
    #expect(batcher.removeExpired(at: start + .milliseconds(10)) == ["a"])
    #expect(batcher.nextDeadline == start + .milliseconds(20))
    #expect(batcher.next(at: start + .milliseconds(11)).names == ["b", "c"])
    #expect(batcher.nextDeadline == nil)
  }
}
