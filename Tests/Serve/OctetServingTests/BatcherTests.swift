import Testing

@testable import OctetServing

/// Time stands still unless a test moves it.
private let start = Instant.now

private func request(
  _ name: String, rows: Int = 1, group: [[Int]]? = [[2]], bytes: Int = 8, priority: Int = 100,
  at delay: Duration = .zero, deadline: Duration? = nil
) -> Batcher<String>.Entry {
  Batcher.Entry(
    work: name, group: group, rows: rows, byteCount: bytes, priority: priority, arrival: start + delay,
    deadline: deadline.map { start + $0 })
}

private func batcher(
  capacity: Int = 8, bytes: Int = Int.max, maximum: Int = 4, preferred: Set<Int> = [], delay: Duration = .zero,
  _ requests: [Batcher<String>.Entry]
) -> Batcher<String> {
  var batcher = Batcher<String>(
    Batcher.Rules(
      capacity: capacity, byteCapacity: bytes, maximumBatch: maximum, preferredBatches: preferred, delay: delay))
  for request in requests {
    let admission = batcher.add(request)
    #expect(admission == .taken(displaced: []))
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
    let admission = batcher.add(request("c"))
    #expect(admission == .refused)
    #expect(batcher.depth == 2)
  }

  @Test func takesRequestsAgainWhenOthersHaveLeft() {
    var batcher = batcher(capacity: 1, [request("a")])
    _ = batcher.next(at: start)
    let admission = batcher.add(request("b"))
    #expect(admission == .taken(displaced: []))
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

  @Test func looksForDeadlinesNoMoreOftenThanTheyPass() {
    var batcher = batcher([request("a", deadline: .milliseconds(10)), request("b", deadline: .milliseconds(30))])
    #expect(batcher.removeExpired(at: start + .milliseconds(10)) == ["a"])
    #expect(batcher.nextDeadline == start + .milliseconds(30))
    // The deadline of a request that has left is looked at once more, and then forgotten.
    #expect(batcher.next(at: start + .milliseconds(11)).names == ["b"])
    #expect(batcher.nextDeadline == nil)
  }

  // MARK: Bytes

  @Test func refusesWhatExceedsItsBytes() {
    var batcher = batcher(bytes: 20, [request("a"), request("b")])
    let refused = batcher.add(request("c"))
    #expect(refused == .refused)
    #expect(batcher.next(at: start).names == ["a", "b"])
    let taken = batcher.add(request("c"))
    #expect(taken == .taken(displaced: []))
  }

  @Test func aRequestThatIsLargerThanAllOfTheQueueMayWaitAlone() {
    var batcher = batcher(bytes: 20, [request("a", bytes: 1000)])
    let admission = batcher.add(request("b"))
    #expect(admission == .refused)
    #expect(batcher.next(at: start).names == ["a"])
  }

  @Test func expiredRequestsMakeRoom() {
    var batcher = batcher(capacity: 1, bytes: 8, [request("a", deadline: .milliseconds(1))])
    #expect(batcher.removeExpired(at: start + .milliseconds(1)) == ["a"])
    let admission = batcher.add(request("b"))
    #expect(admission == .taken(displaced: []))
  }

  // MARK: Priorities

  @Test func theHighestPriorityGoesFirstAndThenTheOldest() {
    var batcher = batcher(
      maximum: 1, [request("a"), request("b", priority: 1), request("c"), request("d", priority: 1)])
    #expect((0..<4).map { _ in batcher.next(at: start).names } == [["b"], ["d"], ["a"], ["c"]])
  }

  @Test func aFullQueueGivesUpTheLastOfTheLowestPriority() {
    var batcher = batcher(
      capacity: 3, [request("a", priority: 5), request("b", priority: 9), request("c", priority: 9)])
    let admission = batcher.add(request("d", priority: 5))
    #expect(admission == .taken(displaced: ["c"]))
    #expect(batcher.next(at: start).names == ["a", "d", "b"])
  }

  @Test func aFullQueueGivesUpNothingForAnEqualPriority() {
    var batcher = batcher(capacity: 1, [request("a", priority: 5)])
    let admission = batcher.add(request("b", priority: 5))
    #expect(admission == .refused)
    #expect(batcher.next(at: start).names == ["a"])
  }

  @Test func givesUpAsManyAsTheBytesNeedOrNone() {
    var batcher = batcher(
      bytes: 30, [request("a", priority: 1), request("b", priority: 9), request("c", priority: 9)])
    let refused = batcher.add(request("d", bytes: 24, priority: 2))
    #expect(refused == .refused)
    #expect(batcher.depth == 3)
    let taken = batcher.add(request("d", bytes: 20, priority: 2))
    #expect(taken == .taken(displaced: ["b", "c"]))
  }

  // MARK: Preferred sizes

  @Test func runsThePreferredSizeThatFits() {
    var batcher = batcher(
      maximum: 8, preferred: [2, 4], delay: .seconds(1), ["a", "b", "c", "d", "e"].map { request($0) })
    #expect(batcher.next(at: start).names == ["a", "b", "c", "d"])
    #expect(batcher.next(at: start) == .wait(until: start + .seconds(1)))
    #expect(batcher.next(at: start + .seconds(1)).names == ["e"])
  }

  @Test func withoutADelayPreferredSizesHoldNothingUp() {
    var batcher = batcher(maximum: 8, preferred: [4], ["a", "b", "c"].map { request($0) })
    #expect(batcher.next(at: start).names == ["a", "b", "c"])
  }

  @Test func aRequestWhoseDeadlineWouldPassDoesNotWaitForCompany() {
    var batcher = batcher(delay: .milliseconds(5), [request("a", deadline: .milliseconds(4))])
    #expect(batcher.next(at: start).names == ["a"])
  }
}
