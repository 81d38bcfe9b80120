import Dispatch
package import OctetRuntime
import OctetTensor
import OctetSystem

/// The requests of one model, on their way to its executors.
///
///     submit → Batcher → an idle stream → BatchRunner → completion
///
/// A stream is an executor with threads of its own and a serial Dispatch queue. Whoever submits never waits: all
/// decisions are the Batcher's, made under a lock that is held for microseconds.
package final class InferenceQueue: Sendable {
  package typealias Completion = @Sendable (Result<InferenceResponse, ServingError>) -> Void

  fileprivate struct Pending: Sendable {
    let request: InferenceRequest
    let completion: Completion
  }

  private typealias Entry = Batcher<Pending>.Entry

  private struct State {
    var batcher: Batcher<Pending>
    var idleStreams: [InferenceStream]
    /// The streams that are busy, and when each began its batch.
    var running: [(stream: InferenceStream, since: Instant)] = []
    /// Requests that are neither waiting nor answered.
    var runningRequests = 0
    /// The earliest time at which the queue will look at itself again.
    var wakeUp: Instant?
    /// The queue itself while requests wait: a model that has been replaced answers those that it has taken.
    var owner: InferenceQueue?
  }

  /// What has to be done once the lock is released.
  private struct Actions {
    var batches: [(stream: InferenceStream, entries: [Entry])] = []
    var expired: [Pending] = []
    /// Those that found the queue full, and how many requests it holds.
    var refused: [Pending] = []
    var depth = 0
  }

  private let modelName: String
  private let options: ServingOptions
  private let isBatchable: Bool
  package let streamCount: Int
  /// The input shapes that are known to run so quickly that the caller may do it; nil where there are none.
  private let inlineShapes: [Shape]?
  private let metrics: ModelMetrics
  private let processors: Processors
  private let state: Lock<State>
  private let alarm: Alarm

  /// - Parameters:
  ///   - first: shows how quick the model is with one thread, and by that how many streams it should have.
  ///   - besideOthers: others serve meanwhile, and the new streams take as little from them as possible.
  init(
    _ source: ModelSource, model: CompiledModel, first: InferenceStream, processors: Processors, metrics: ModelMetrics,
    besideOthers: Bool
  ) throws(ModelError) {
    let options = source.options
    modelName = source.name
    self.options = options
    self.metrics = metrics
    self.processors = processors
    let maximumBatch = min(options.maximumBatch, model.signature.largestBatch)
    isBatchable = maximumBatch > 1
    let isQuick = first.quickestRun <= options.inlineLimit
    let layout = StreamLayout(options, processors: processors.count, isQuick: isQuick)
    var streams = layout.threadsPerStream == 1 ? [first] : []
    for index in streams.count..<layout.streams {
      streams.append(
        try InferenceStream(
          label: InferenceStream.label(source.name, index), model: model, threads: layout.threadsPerStream,
          saturationSampling: options.saturationSampling, warmUpRuns: besideOthers ? 1 : 3))
    }
    streamCount = streams.count
    // More threads are not slower.
    inlineShapes = isQuick ? model.smallestInputShapes : nil
    state = Lock(
      State(
        batcher: Batcher(
          Batcher.Rules(
            capacity: options.queueCapacity, byteCapacity: options.queueByteCapacity, maximumBatch: maximumBatch,
            preferredBatches: options.preferredBatches, delay: options.batchDelay)),
        idleStreams: streams))
    alarm = Alarm(label: "octet.\(modelName).alarm")
    alarm.start { [weak self] in self?.lookAgain() }
  }

  /// Requests that wait.
  package var depth: Int { state.withLock { $0.batcher.depth } }

  /// Requests that wait or run.
  package var requestsInFlight: Int { state.withLock { $0.batcher.depth + $0.runningRequests } }

  /// Since when the longest of the batches that run now has been running.
  package var oldestRunningBatch: Instant? { state.withLock { $0.running.map(\.since).min() } }

  /// Queues a request. `completion` is called once, on some other thread or on this one, with the answer or the refusal.
  ///
  /// - Parameter mayRunHere: if nobody waits and the inference is known to be quick, run it before this call returns.
  package func submit(_ request: InferenceRequest, mayRunHere: Bool = false, completion: @escaping Completion) {
    let now = Instant.now
    if mayRunHere, let inlineShapes, request.inputs.elementsEqual(inlineShapes, by: { $0.shape == $1 }),
      let stream = takeIdleStream(at: now)
    {
      return run(request, completion, on: stream, since: now)
    }
    let (group, rows) = batchGroup(of: request)
    let patience = [request.patience, options.queueDeadline].compactMap { $0 }.min()
    let entry = Entry(
      work: Pending(request: request, completion: completion), group: group, rows: rows,
      byteCount: request.inputs.reduce(0) { $0 + $1.byteCount }, priority: request.priority ?? options.defaultPriority,
      arrival: now, deadline: patience.map { now.advanced(by: $0) })
    let actions = state.withLock { state in
      switch state.batcher.add(entry) {
      case .refused:
        return Actions(refused: [entry.work], depth: state.batcher.depth)
      case .taken(let displaced):
        var actions = startWork(&state, at: now)
        actions.refused = displaced
        actions.depth = state.batcher.depth
        return actions
      }
    }
    perform(actions)
  }

  /// A stream for one request that need not wait.
  private func takeIdleStream(at now: Instant) -> InferenceStream? {
    state.withLock { state in
      guard state.batcher.depth == 0, let stream = state.idleStreams.last,
        processors.begin(share, threads: stream.threads, at: now)
      else { return nil }
      begin(requests: 1, on: stream, &state, at: now)
      return stream
    }
  }

  private func begin(requests: Int, on stream: InferenceStream, _ state: inout State, at now: Instant) {
    state.idleStreams.removeLast()
    state.running.append((stream, now))
    state.runningRequests += requests
  }

  /// Runs one request on the caller's thread. What has come meanwhile is left to the stream's own.
  private func run(
    _ request: InferenceRequest, _ completion: @escaping Completion, on stream: InferenceStream, since arrival: Instant
  ) {
    let result: Result<InferenceResponse, ServingError>
    do throws(ModelError) {
      let response = try stream.run(request)
      metrics.finishBatch(waits: CollectionOfOne(.zero), rows: 1, after: arrival.duration(to: .now))
      result = .success(response)
    } catch {
      result = .failure(ServingError(error))
    }
    completion(result)
    if let next = finish(1, on: stream) { stream.queue.async { self.runUntilIdle(stream, first: next) } }
  }

  /// What a request needs to share a batch: one extent of axis 0 for all its inputs.
  private func batchGroup(of request: InferenceRequest) -> (Batcher<Pending>.Group?, rows: Int) {
    guard isBatchable, let rows = request.inputs.first?.shape.extents.first, rows > 0,
      request.inputs.allSatisfy({ $0.shape.extents.first == rows })
    else { return (nil, 1) }
    return (request.inputs.map { Array($0.shape.extents.dropFirst()) }, rows)
  }

  /// Gives work to every idle stream that there is work and a processor for.
  private func startWork(_ state: inout State, at now: Instant) -> Actions {
    var actions = Actions()
    actions.expired = state.batcher.removeExpired(at: now)
    var wakeUp = state.batcher.nextDeadline
    scheduling: while state.batcher.depth > 0, let stream = state.idleStreams.last {
      guard processors.begin(share, threads: stream.threads, at: now) else {
        let until = now + ProcessorShare<ObjectIdentifier>.memory
        wakeUp = min(wakeUp ?? until, until)
        break
      }
      switch state.batcher.next(at: now) {
      case .run(let entries):
        begin(requests: entries.count, on: stream, &state, at: now)
        actions.batches.append((stream, entries))
      case .wait(let until):
        wakeUp = min(wakeUp ?? until, until)
        fallthrough
      case .nothing:
        processors.end(share, threads: stream.threads, at: now)
        break scheduling
      }
    }
    if let wakeUp, state.wakeUp.map({ wakeUp < $0 }) ?? true {
      state.wakeUp = wakeUp
      alarm.ring(after: now.duration(to: wakeUp))
    }
    state.owner = state.batcher.depth > 0 ? self : nil
    return actions
  }

  /// What the model's use of processors is counted under; a model that is loaded again goes on with the same.
  private var share: ObjectIdentifier { ObjectIdentifier(metrics) }

  private func perform(_ actions: Actions) {
    for (stream, entries) in actions.batches {
      stream.queue.async { self.runUntilIdle(stream, first: entries) }
    }
    for pending in actions.expired {
      metrics.reject(.deadline)
      pending.completion(.failure(.deadlineExceeded(model: modelName)))
    }
    for pending in actions.refused {
      metrics.reject(.queueFull)
      pending.completion(.failure(.queueFull(model: modelName, waiting: actions.depth)))
    }
  }

  private func lookAgain() {
    let actions = state.withLock { state in
      state.wakeUp = nil
      return startWork(&state, at: .now)
    }
    perform(actions)
  }

  /// Runs on the stream's own queue until nothing waits: handing the next batch over costs no change of threads.
  private func runUntilIdle(_ stream: InferenceStream, first: [Entry]) {
    var next: [Entry]? = first
    while let entries = next {
      run(entries, on: stream)
      next = finish(entries.count, on: stream)
    }
  }

  private func finish(_ count: Int, on stream: InferenceStream) -> [Entry]? {
    var actions = state.withLock { state in
      let now = Instant.now
      processors.end(share, threads: stream.threads, at: now)
      state.running.removeAll { $0.stream === stream }
      state.runningRequests -= count
      state.idleStreams.append(stream)
      return state.batcher.depth > 0 ? startWork(&state, at: now) : Actions()
    }
    let own = actions.batches.firstIndex { $0.stream === stream }.map { actions.batches.remove(at: $0).entries }
    perform(actions)
    return own
  }

  private func run(_ entries: [Entry], on stream: InferenceStream) {
    let start = Instant.now
    let present = entries.filter { entry in
      // Asked only of those that had to wait: a client that half-closes after sending is served where that costs nothing.
      guard start - entry.arrival > .milliseconds(1), entry.work.request.isAbandoned() else { return true }
      metrics.reject(.clientGone)
      entry.work.completion(.failure(.clientGone))
      return false
    }
    guard !present.isEmpty else { return }
    do throws(ModelError) {
      let responses = try stream.run(present.map(\.work.request))
      metrics.finishBatch(
        waits: present.map { $0.arrival.duration(to: start) }, rows: present.reduce(0) { $0 + $1.rows },
        after: start.duration(to: .now))
      for (entry, response) in zip(present, responses) { entry.work.completion(.success(response)) }
    } catch {
      let refusal = ServingError(error)
      for entry in present { entry.work.completion(.failure(refusal)) }
    }
  }
}

extension ServingError {
  /// Why an inference has no result: what the client sent, or else a fault that is not the client's.
  init(_ error: ModelError) {
    self = error.cause == .input ? .invalidInput(error.description) : .failed(error.description)
  }
}

extension ModelSignature {
  /// The most rows that one inference of this model takes; 1 for a model whose requests cannot be joined.
  package var largestBatch: Int {
    guard isBatchable else { return 1 }
    return inputs.reduce(Int.max) { largest, port in
      switch port.type.shape[0] {
      case .fixed(let extent): min(largest, extent)
      case .bounded(let range): min(largest, range.upperBound)
      }
    }
  }
}
