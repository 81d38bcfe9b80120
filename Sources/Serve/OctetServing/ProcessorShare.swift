import OctetSystem

/// Decides how many streams of each model run at the same time. Knows nothing of threads or clocks.
///
/// Every model may have one stream running at any time, and the kernel divides the processors between these. Further
/// streams begin while processors are left, or while no other model is in use: a slow model with many streams does not
/// crowd out a fast one with few.
struct ProcessorShare<Model: Hashable> {
  private struct Use {
    var streams = 0
    var lastEnd: Instant?
  }

  /// How long a model counts as in use after its last inference.
  static var memory: Duration { .milliseconds(100) }

  private let processors: Int
  private var uses: [Model: Use] = [:]
  private var threads = 0

  init(processors: Int) { self.processors = processors }

  /// Whether a stream of this model may begin now; if so, it counts until `end`. If not, ask again when another stream of
  /// the model has ended or, at the latest, after `memory`.
  mutating func begin(_ model: Model, threads count: Int, at now: Instant) -> Bool {
    let running = uses[model]?.streams ?? 0
    guard running == 0 || threads + count <= processors || !isAnotherInUse(than: model, at: now) else { return false }
    change(model) { $0.streams += 1 }
    threads += count
    return true
  }

  mutating func end(_ model: Model, threads count: Int, at now: Instant) {
    change(model) { use in
      use.streams -= 1
      use.lastEnd = now
    }
    threads -= count
  }

  /// Takes the use out and puts it back: a member of a dictionary's optional value cannot be changed in place without
  /// memory being allocated, several times for each inference.
  private mutating func change(_ model: Model, _ body: (inout Use) -> Void) {
    var use = uses[model] ?? Use()
    body(&use)
    uses[model] = use
  }

  /// Forgets on the way the models that are no longer in use.
  private mutating func isAnotherInUse(than model: Model, at now: Instant) -> Bool {
    uses = uses.filter { other in
      other.key == model || other.value.streams > 0 || other.value.lastEnd.map { now < $0 + Self.memory } ?? false
    }
    return uses.count > (uses[model] == nil ? 0 : 1)
  }
}

/// The share of a process's models, for the streams of all of them to ask.
package final class Processors: Sendable {
  package let count: Int
  private let share: Lock<ProcessorShare<ObjectIdentifier>>

  package init(_ count: Int) {
    self.count = count
    share = Lock(ProcessorShare(processors: count))
  }

  func begin(_ model: ObjectIdentifier, threads: Int, at now: Instant) -> Bool {
    share.withLock { $0.begin(model, threads: threads, at: now) }
  }

  func end(_ model: ObjectIdentifier, threads: Int, at now: Instant) {
    share.withLock { $0.end(model, threads: threads, at: now) }
  }
}
