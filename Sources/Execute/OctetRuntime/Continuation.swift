package import OctetTensor

/// How an inference goes on where shapes depend on values: what decides them runs by its meaning, and what follows has
/// plans of its own, by the shapes that were decided.
package struct Continuation: Sendable {
  /// An operator whose result shapes depend on the values of its operands.
  package struct Decision: Sendable {
    package let layer: LayerDescription
    /// The results, from all outputs of the plan before.
    let evaluate: @Sendable (_ outputs: [Tensor]) throws(ModelError) -> [Tensor]

    package init(
      layer: LayerDescription, evaluate: @escaping @Sendable (_ outputs: [Tensor]) throws(ModelError) -> [Tensor]
    ) {
      self.layer = layer
      self.evaluate = evaluate
    }
  }

  package let decisions: [Decision]
  /// Outputs of the plan before that are read again, by index.
  package let kept: [Int]
  /// Plans of what follows; its inputs are what is kept, then the results of the decisions.
  package let plans: PlanCache

  package init(decisions: [Decision], kept: [Int], plans: PlanCache) {
    self.decisions = decisions
    self.kept = kept
    self.plans = plans
  }

  /// What the next plan reads, from what the last one gave.
  func inputs(from outputs: [Tensor], _ counters: LayerCounters) throws(ModelError) -> [Tensor] {
    var inputs = kept.map { outputs[$0] }
    for decision in decisions {
      let start = monotonicNanoseconds()
      inputs += try decision.evaluate(outputs)
      counters.counter(for: decision.layer).addExecution(nanoseconds: monotonicNanoseconds() &- start)
    }
    return inputs
  }

  /// The next plan. What it cannot take, the values of the request have decided.
  func plan(for shapes: [Shape]) throws(ModelError) -> ExecutionPlan {
    do throws(ModelError) {
      return try plans.plan(for: shapes)
    } catch {
      throw .input(error.description)
    }
  }
}
