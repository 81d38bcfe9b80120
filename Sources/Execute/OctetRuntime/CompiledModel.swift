package import OctetTensor

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

  private let weightByteCounter: @Sendable () -> Int
  private let plans: PlanCache

  package init(
    signature: ModelSignature, instructionSet: String, maximumPlans: Int = 32,
    smallestInputShapes: [Shape]? = nil, weightByteCount: @escaping @Sendable () -> Int,
    makePlan: @escaping PlanCache.MakePlan
  ) {
    self.signature = signature
    self.instructionSet = instructionSet
    self.smallestInputShapes = smallestInputShapes ?? signature.inputShapes(openExtent: 1)
    weightByteCounter = weightByteCount
    plans = PlanCache(capacity: maximumPlans, makePlan: makePlan)
  }

  /// Bytes of packed weights, which all plans share.
  package var weightByteCount: Int { weightByteCounter() }

  /// The largest arena of the plans that are cached now.
  package var arenaByteCount: Int { plans.largestArena }

  /// The plan for these input shapes, in signature order.
  ///
  /// - Throws: an input error when a shape is not one that the model takes.
  package func plan(for shapes: [Shape]) throws(ModelError) -> ExecutionPlan {
    try check(shapes)
    do throws(ModelError) {
      return try plans.plan(for: shapes)
    } catch {
      // The model has run before: these shapes, though open in its signature, are what it cannot take.
      throw shapes == smallestInputShapes
        ? error : .input("inputs of shape \(shapes.map(\.description).joined(separator: ", ")): \(error.description)")
    }
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
