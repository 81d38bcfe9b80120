import OctetSystem

/// Decides how many streams of each model run at the same time. Knows nothing of threads or clocks.
///
/// Every model may have one stream running at any time, and the kernel divides the processors between these. Further
/// streams begin while processors are left, or while no other model is in use: a slow model with many streams does not
/// crowd out a fast one with few.
struct ProcessorShare<Model: Equatable> {
  private struct Use {
    let model: Model
    var streams = 0
    var lastEnd: Instant?
  }

  /// How long a model counts as in use after its last inference.
  static var memory: Duration { .milliseconds(100) }

  private let processors: Int
  /// Of the models that are in use, or were until lately. They are few: looking through them takes less than hashing.
  private var uses: [Use] = []
  private var threads = 0

  init(processors: Int) { self.processors = processors }

  /// Whether a stream of this model may begin now; if so, it counts until `end`. If not, ask again when another stream of
  /// the model has ended or, at the latest, after `memory`.
  mutating func begin(_ model: Model, threads count: Int, at now: Instant) -> Bool {
    let running = index(of: model).map { uses[$0].streams } ?? 0
    guard running == 0 || threads + count <= processors || !isAnotherInUse(than: model, at: now) else { return false }
    threads += count
    if let index = index(of: model) {
      uses[index].streams += 1
    } else {
      uses.append(Use(model: model, streams: 1))
    }
    return true
  }

  mutating func end(_ model: Model, threads count: Int, at now: Instant) {
    threads -= count
    guard let index = index(of: model) else { return }
    uses[index].streams -= 1
    uses[index].lastEnd = now
  }

  private func index(of model: Model) -> Int? { uses.firstIndex { $0.model == model } }

  /// Forgets on the way the models that are no longer in use.
  private mutating func isAnotherInUse(than model: Model, at now: Instant) -> Bool {
    uses.removeAll { other in
      other.model != model && other.streams == 0 && other.lastEnd.map { $0 + Self.memory <= now } ?? true
    }
    return uses.contains { $0.model != model }
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
