package import OctetTensor
import Synchronization

/// Plans of one graph by input shapes: made when a shape comes for the first time; the least recently used leaves when
/// there are too many.
package final class PlanCache: Sendable {
  package typealias MakePlan = @Sendable ([Shape]) throws(ModelError) -> ExecutionPlan

  private let capacity: Int
  private let makePlan: MakePlan
  /// The most recently used last.
  private let entries = Mutex([(shapes: [Shape], plan: ExecutionPlan)]())

  package init(capacity: Int = 32, makePlan: @escaping MakePlan) {
    self.capacity = max(capacity, 1)
    self.makePlan = makePlan
  }

  /// The plan for these input shapes.
  package func plan(for shapes: [Shape]) throws(ModelError) -> ExecutionPlan {
    if let plan = known(shapes) { return plan }
    // Planning runs outside the lock: a request of a known shape must not wait for it.
    return insert(try makePlan(shapes), for: shapes)
  }

  /// The largest arena of the plans that are cached now, and of those behind them.
  package var largestArena: Int {
    let plans = entries.withLock { $0.map(\.plan) }
    return plans.map { max($0.arenaByteCount, $0.continuation?.plans.largestArena ?? 0) }.max() ?? 0
  }

  private func known(_ shapes: [Shape]) -> ExecutionPlan? {
    entries.withLock { entries in
      guard let index = entries.lastIndex(where: { $0.shapes == shapes }) else { return nil }
      if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
      return entries[entries.count - 1].plan
    }
  }

  /// Two requests may have planned the same shapes at once: the first plan stays.
  private func insert(_ plan: ExecutionPlan, for shapes: [Shape]) -> ExecutionPlan {
    if let earlier = known(shapes) { return earlier }
    return entries.withLock { entries in
      if entries.count == capacity { entries.removeFirst() }
      entries.append((shapes, plan))
      return plan
    }
  }
}
