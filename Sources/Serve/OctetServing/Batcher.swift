import DequeModule

/// Decides which waiting requests run together, and when. Knows nothing of threads, clocks or tensors.
///
/// Requests run by priority, those of one priority in the order of their arrival. The first takes along those behind it
/// that fit: the same shapes but for axis 0, and together at most `maximumBatch` rows. It waits for company only when
/// `delay` says so.
struct Batcher<Work> {
  /// Requests with equal groups may share a batch.
  typealias Group = [[Int]]

  struct Rules {
    /// Requests that may wait.
    var capacity: Int
    /// Bytes of the requests that may wait. A request that waits alone may be larger.
    var byteCapacity = Int.max
    /// Rows of the largest batch.
    var maximumBatch: Int
    /// Rows of batches that do not wait for more, though more would fit.
    var preferredBatches: Set<Int> = []
    /// How long the first request waits for a batch that is full, or of a preferred size.
    var delay = Duration.zero
  }

  struct Entry {
    let work: Work
    /// The extents behind axis 0 of each input, or nil for a request that runs alone.
    let group: Group?
    /// The extent of axis 0.
    let rows: Int
    let byteCount: Int
    /// 1 goes first.
    let priority: Int
    let arrival: Instant
    let deadline: Instant?
  }

  enum Admission {
    /// The request waits, in the place of these, whose priority is lower.
    case taken(displaced: [Work])
    case refused
  }

  enum Decision {
    case nothing
    case wait(until: Instant)
    case run([Entry])
  }

  private let rules: Rules
  /// In the order in which they are to run.
  private var waiting: Deque<Entry> = []
  private var byteCount = 0
  /// No request's deadline is earlier; the one that had it may have left.
  private(set) var nextDeadline: Instant?

  init(_ rules: Rules) { self.rules = rules }

  /// Requests that wait.
  var depth: Int { waiting.count }

  // MARK: - Coming and leaving

  /// Takes a request in, unless as many as may wait already do and none of them can give way.
  mutating func add(_ entry: Entry) -> Admission {
    var remaining = waiting.count
    var remainingBytes = byteCount
    while !hasRoom(for: entry, beside: remaining, remainingBytes) {
      guard remaining > 0, waiting[remaining - 1].priority > entry.priority else { return .refused }
      remaining -= 1
      remainingBytes -= waiting[remaining].byteCount
    }
    let displaced = waiting[remaining...].map(\.work)
    waiting.removeLast(displaced.count)
    byteCount = remainingBytes + entry.byteCount

    let place = waiting.lastIndex { $0.priority <= entry.priority }.map { $0 + 1 } ?? 0
    waiting.insert(entry, at: place)
    if let deadline = entry.deadline { nextDeadline = min(deadline, nextDeadline ?? deadline) }
    return .taken(displaced: displaced)
  }

  private func hasRoom(for entry: Entry, beside count: Int, _ bytes: Int) -> Bool {
    count < rules.capacity && (count == 0 || entry.byteCount <= rules.byteCapacity - bytes)
  }

  /// Takes out the requests whose deadline has passed.
  mutating func removeExpired(at now: Instant) -> [Work] {
    guard let nextDeadline, nextDeadline <= now else { return [] }
    var expired: [Work] = []
    var next: Instant?
    waiting.removeAll { entry in
      guard let deadline = entry.deadline else { return false }
      guard deadline <= now else {
        next = min(deadline, next ?? deadline)
        return false
      }
      expired.append(entry.work)
      byteCount -= entry.byteCount
      return true
    }
    self.nextDeadline = next
    return expired
  }

  // MARK: - Running

  /// What an executor that is free should do.
  mutating func next(at now: Instant) -> Decision {
    guard let first = waiting.first else { return .nothing }
    guard let group = first.group, first.rows < rules.maximumBatch else { return .run(remove([0])) }

    var members: [Int] = []
    var rows = 0
    var preferredCount = 0
    for (index, entry) in waiting.enumerated() where entry.group == group && rows + entry.rows <= rules.maximumBatch {
      members.append(index)
      rows += entry.rows
      if rules.preferredBatches.contains(rows) { preferredCount = members.count }
      if rows == rules.maximumBatch { return .run(remove(members)) }
    }
    if preferredCount > 0 { return .run(remove(Array(members.prefix(preferredCount)))) }
    let patienceEnds = first.arrival + rules.delay
    // Whose deadline would pass meanwhile does not wait for company.
    if now < patienceEnds, first.deadline.map({ patienceEnds < $0 }) ?? true { return .wait(until: patienceEnds) }
    return .run(remove(members))
  }

  /// Removes the entries at ascending indices.
  private mutating func remove(_ indices: [Int]) -> [Entry] {
    let entries = indices.map { waiting[$0] }
    for entry in entries { byteCount -= entry.byteCount }
    if indices.last == indices.count - 1 {
      waiting.removeFirst(indices.count)
    } else {
      for index in indices.reversed() { waiting.remove(at: index) }
    }
    if waiting.isEmpty { nextDeadline = nil }
    return entries
  }
}

extension Batcher.Entry: Sendable where Work: Sendable {}
extension Batcher.Entry: Equatable where Work: Equatable {}
extension Batcher.Decision: Equatable where Work: Equatable {}
extension Batcher.Admission: Equatable where Work: Equatable {}
