import DequeModule

/// Decides which waiting requests run together, and when. Knows nothing of threads, clocks or tensors.
///
/// Requests run in the order of their arrival. The oldest takes along those behind it that fit: the same shapes but
/// for axis 0, and together at most `maximumBatch` rows. It waits for company only when `delay` says so.
struct Batcher<Work> {
  /// Requests with equal groups may share a batch.
  typealias Group = [[Int]]

  struct Entry {
    let work: Work
    /// The extents behind axis 0 of each input, or nil for a request that runs alone.
    let group: Group?
    /// The extent of axis 0.
    let rows: Int
    let arrival: Instant
    let deadline: Instant?
  }

  enum Decision {
    case nothing
    case wait(until: Instant)
    case run([Entry])
  }

  private let capacity: Int
  private let maximumBatch: Int
  private let delay: Duration
  private var waiting: Deque<Entry> = []
  private var deadlines = 0

  init(capacity: Int, maximumBatch: Int, delay: Duration) {
    self.capacity = capacity
    self.maximumBatch = maximumBatch
    self.delay = delay
  }

  /// Requests that wait.
  var depth: Int { waiting.count }

  /// The earliest deadline of a request that waits.
  var nextDeadline: Instant? { deadlines == 0 ? nil : waiting.compactMap(\.deadline).min() }

  /// Takes a request in, unless as many as may wait already do.
  mutating func add(_ entry: Entry) -> Bool {
    guard waiting.count < capacity else { return false }
    waiting.append(entry)
    if entry.deadline != nil { deadlines += 1 }
    return true
  }

  /// Takes out the requests whose deadline has passed.
  mutating func removeExpired(at now: Instant) -> [Work] {
    guard let next = nextDeadline, next <= now else { return [] }
    return remove { entry in entry.deadline.map { $0 <= now } ?? false }.map(\.work)
  }

  /// What an executor that is free should do.
  mutating func next(at now: Instant) -> Decision {
    guard let first = waiting.first else { return .nothing }
    guard let group = first.group, first.rows < maximumBatch else { return .run(remove(first: 1)) }

    var members: [Int] = []
    var rows = 0
    for (index, entry) in waiting.enumerated() where entry.group == group && rows + entry.rows <= maximumBatch {
      members.append(index)
      rows += entry.rows
      if rows == maximumBatch { break }
    }
    let patienceEnds = first.arrival + delay
    if rows < maximumBatch && now < patienceEnds { return .wait(until: patienceEnds) }
    return .run(remove(at: members))
  }

  private mutating func remove(first count: Int) -> [Entry] { remove(at: Array(0..<count)) }

  /// Removes the entries at ascending indices.
  private mutating func remove(at indices: [Int]) -> [Entry] {
    var remaining = indices[...]
    var index = -1
    return remove { _ in
      index += 1
      guard remaining.first == index else { return false }
      remaining.removeFirst()
      return true
    }
  }

  private mutating func remove(where isLeaving: (Entry) -> Bool) -> [Entry] {
    var leaving: [Entry] = []
    waiting.removeAll { entry in
      guard isLeaving(entry) else { return false }
      leaving.append(entry)
      return true
    }
    deadlines -= leaving.count { $0.deadline != nil }
    return leaving
  }
}

extension Batcher.Entry: Sendable where Work: Sendable {}
extension Batcher.Entry: Equatable where Work: Equatable {}
extension Batcher.Decision: Equatable where Work: Equatable {}
