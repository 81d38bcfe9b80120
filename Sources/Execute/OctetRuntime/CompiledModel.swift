package import OctetTensor
import Synchronization

/// A model that is ready to run: everything that loading decides, shared by every executor and every stream.
///
/// A plan exists per set of concrete input shapes. The first is made when the model is loaded; others when a request
/// brings a new shape; the least recently used leaves when there are too many.
package final class CompiledModel: Sendable {
  package let signature: ModelSignature
  /// The instruction set that kernels were chosen for.
  package let instructionSet: String
  package let counters = LayerCounters()
  /// Input shapes that the model is known to run with: what it is warmed up and explained with.
  package let smallestInputShapes: [Shape]

  private let makePlan: @Sendable ([Shape]) throws(ModelError) -> ExecutionPlan
  private let weightByteCounter: @Sendable () -> Int
  private let plans: Mutex<PlanCache>

  package init(
    signature: ModelSignature, instructionSet: String, maximumPlans: Int = 32,
    smallestInputShapes: [Shape]? = nil, weightByteCount: @escaping @Sendable () -> Int,
    makePlan: @escaping @Sendable ([Shape]) throws(ModelError) -> ExecutionPlan
  ) {
    self.signature = signature
    self.instructionSet = instructionSet
    self.smallestInputShapes = smallestInputShapes ?? signature.inputShapes(openExtent: 1)
    self.makePlan = makePlan
    weightByteCounter = weightByteCount
    plans = Mutex(PlanCache(capacity: maximumPlans))
  }

  /// Bytes of packed weights, which all plans share.
  package var weightByteCount: Int { weightByteCounter() }

  /// The largest arena of the plans that are cached now.
  package var arenaByteCount: Int { plans.withLock { $0.largestArena } }

  /// The plan for these input shapes, in signature order.
  ///
  /// - Throws: an input error when a shape is not one that the model takes.
  package func plan(for shapes: [Shape]) throws(ModelError) -> ExecutionPlan {
    if let plan = plans.withLock({ $0.plan(for: shapes) }) { return plan }
    try check(shapes)
    // Planning runs outside the lock: a request of a known shape must not wait for it.
    let plan: ExecutionPlan
    do throws(ModelError) {
      plan = try makePlan(shapes)
    } catch {
      // The model has run before: these shapes, though open in its signature, are what it cannot take.
      throw shapes == smallestInputShapes
        ? error : .input("inputs of shape \(shapes.map(\.description).joined(separator: ", ")): \(error.description)")
    }
    return plans.withLock { $0.insert(plan, for: shapes) }
  }

  private func check(_ shapes: [Shape]) throws(ModelError) {
    guard shapes.count == signature.inputs.count else {
      throw .input("the model takes \(signature.inputs.count) inputs, not \(shapes.count)")
    }
    for (port, shape) in zip(signature.inputs, shapes) where !port.type.shape.accepts(shape) {
      throw .input("input '\(port.name)' takes shape \(port.type.shape), not \(shape)")
    }
  }
}

/// The most recently used plans, newest last.
private struct PlanCache {
  let capacity: Int
  var entries: [(shapes: [Shape], plan: ExecutionPlan)] = []

  init(capacity: Int) { self.capacity = capacity }

  var largestArena: Int { entries.map(\.plan.arenaByteCount).max() ?? 0 }

  mutating func plan(for shapes: [Shape]) -> ExecutionPlan? {
    guard let index = entries.lastIndex(where: { $0.shapes == shapes }) else { return nil }
    if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
    return entries[entries.count - 1].plan
  }

  /// Two requests may have planned the same shapes at once: the first plan stays.
  mutating func insert(_ plan: ExecutionPlan, for shapes: [Shape]) -> ExecutionPlan {
    if let known = self.plan(for: shapes) { return known }
    if entries.count == capacity { entries.removeFirst() }
    entries.append((shapes, plan))
    return plan
  }
}
