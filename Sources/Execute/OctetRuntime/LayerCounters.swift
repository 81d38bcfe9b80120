import Synchronization

/// The running totals of one layer, written by every executor of the model and read by a scrape.
package final class LayerCounter: Sendable {
  package let layer: LayerDescription
  private let executionCount = Atomic<UInt64>(0)
  private let nanosecondCount = Atomic<UInt64>(0)
  private let sampledCount = Atomic<UInt64>(0)
  private let saturatedCount = Atomic<UInt64>(0)

  init(layer: LayerDescription) { self.layer = layer }

  package var executions: UInt64 { executionCount.load(ordering: .relaxed) }
  package var nanoseconds: UInt64 { nanosecondCount.load(ordering: .relaxed) }
  /// Values looked at by saturation sampling, and how many of them lay outside the calibrated range.
  package var sampledValues: UInt64 { sampledCount.load(ordering: .relaxed) }
  package var saturatedValues: UInt64 { saturatedCount.load(ordering: .relaxed) }

  func addExecution(nanoseconds: UInt64) {
    executionCount.wrappingAdd(1, ordering: .relaxed)
    nanosecondCount.wrappingAdd(nanoseconds, ordering: .relaxed)
  }

  func addSample(values: Int, saturated: Int) {
    sampledCount.wrappingAdd(UInt64(values), ordering: .relaxed)
    saturatedCount.wrappingAdd(UInt64(saturated), ordering: .relaxed)
  }
}

/// All layer counters of a model. Plans for different shapes share a counter where layer and kernel are the same.
package final class LayerCounters: Sendable {
  private struct Key: Hashable {
    let name: String
    let kernel: String
  }

  private struct Registry {
    var ordered: [LayerCounter] = []
    var byKey: [Key: LayerCounter] = [:]
  }

  private let registry = Mutex(Registry())

  package init() {}

  /// Every counter, in the order in which the layers first ran.
  package var all: [LayerCounter] { registry.withLock { $0.ordered } }

  func counter(for layer: LayerDescription) -> LayerCounter {
    registry.withLock { registry in
      let key = Key(name: layer.name, kernel: layer.kernel)
      if let known = registry.byKey[key] { return known }
      let counter = LayerCounter(layer: layer)
      registry.ordered.append(counter)
      registry.byKey[key] = counter
      return counter
    }
  }
}
