import Dispatch
import Glibc
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetServing
import OctetSystem

/// Collects the results of submitted requests, in the order of their ends.
private final class Results: Sendable {
  typealias Result = Swift.Result<InferenceResponse, ServingError>
  private let results = Lock<[(name: String, result: Result)]>([])
  private let arrived = DispatchSemaphore(value: 0)

  func add(_ name: String, _ result: Result) {
    results.withLock { $0.append((name, result)) }
    arrived.signal()
  }

  /// The results, when there are `count` of them; an issue when that takes ten seconds.
  func wait(for count: Int) -> [(name: String, result: Result)] {
    for _ in 0..<count where arrived.wait(timeout: .now() + 10) == .timedOut {
      Issue.record("a request was never answered")
      break
    }
    return results.withLock { $0 }
  }
}

extension InferenceQueue {
  fileprivate convenience init(of model: CompiledModel, _ options: ServingOptions, _ metrics: ModelMetrics) throws {
    let source = ModelSource(name: "doubling", path: "doubling.xml", options: options)
    try self.init(
      source, model: model, first: .single(of: model, source), processors: Processors(2), metrics: metrics,
      besideOthers: false)
  }
}

private struct Fixture {
  let gate = Gate()
  let metrics = ModelMetrics()
  let results = Results()
  let queue: InferenceQueue

  init(_ configure: (inout ServingOptions) -> Void = { _ in }, rows: ClosedRange<Int> = 0...Int.max) throws {
    var options = ServingOptions()
    options.threads = 1
    options.inlineLimit = .zero
    configure(&options)
    queue = try InferenceQueue(of: FakeModel.doubling(rows: rows, gate: gate), options, metrics)
  }

  func submit(
    _ name: String, _ values: [Float], patience: Duration? = nil, priority: Int? = nil, mayRunHere: Bool = false,
    isAbandoned: @escaping @Sendable () -> Bool = { false }
  ) {
    let input = Tensor(.f32, Shape(valid: [values.count / 2, 2]), elements: values)
    let results = results
    let request = InferenceRequest(
      inputs: [input], patience: patience, priority: priority, isAbandoned: isAbandoned)
    queue.submit(request, mayRunHere: mayRunHere) { results.add(name, $0) }
  }

  /// Submits a request that keeps the only stream busy until the gate opens.
  func occupy() {
    gate.close()
    submit("first", [0, 0])
    while gate.waitingCount == 0 { usleep(500) }
  }
}

extension Result where Success == InferenceResponse {
  fileprivate var values: [Float]? { try? get().outputs.first?.elements(as: Float.self) }
}

@Suite struct InferenceQueueTests {
  @Test func answersARequest() throws {
    let fixture = try Fixture()
    fixture.submit("a", [1, 2, 3, 4])
    #expect(fixture.results.wait(for: 1).first?.result.values == [2, 4, 6, 8])
  }

  @Test func everyRequestOfABatchGetsItsOwnRows() throws {
    let fixture = try Fixture()
    fixture.occupy()
    for (name, values) in [("a", [1, 2]), ("b", [3, 4, 5, 6]), ("c", [7, 8])] as [(String, [Float])] {
      fixture.submit(name, values)
    }
    fixture.gate.open()
    let results = fixture.results.wait(for: 4)
    let values = Dictionary(uniqueKeysWithValues: results.map { ($0.name, $0.result.values) })
    #expect(values["a"] == [2, 4])
    #expect(values["b"] == [6, 8, 10, 12])
    #expect(values["c"] == [14, 16])
    #expect(fixture.metrics.batchSize.cumulativeCounts.last == 2, "the three should have run together")
    #expect(fixture.metrics.batchSize.total == 5)
  }

  @Test func batchesStayWithinWhatTheModelTakes() throws {
    let fixture = try Fixture(rows: 1...2)
    fixture.occupy()
    for name in ["a", "b", "c"] { fixture.submit(name, [1, 2]) }
    fixture.gate.open()
    #expect(fixture.results.wait(for: 4).allSatisfy { $0.result.values != nil })
  }

  @Test func refusesAtOnceWhenTheQueueIsFull() throws {
    let fixture = try Fixture { $0.queueCapacity = 2 }
    fixture.occupy()
    for name in ["a", "b", "c"] { fixture.submit(name, [1, 2]) }
    let refused = fixture.results.wait(for: 1)
    #expect(refused.map(\.name) == ["c"])
    #expect(throws: ServingError.queueFull(model: "doubling", waiting: 2)) { try refused[0].result.get() }
    #expect(fixture.metrics.rejections(for: .queueFull) == 1)
    fixture.gate.open()
    #expect(fixture.results.wait(for: 3).count == 4)
  }

  @Test func aQuickInferenceRunsBeforeSubmitReturns() throws {
    let fixture = try Fixture { $0.inlineLimit = .seconds(1) }
    let here = pthread_self()
    let thread = Lock<pthread_t?>(nil)
    let input = Tensor(.f32, Shape(valid: [1, 2]), elements: [1, 2] as [Float])
    fixture.queue.submit(InferenceRequest(inputs: [input]), mayRunHere: true) { _ in
      thread.withLock { $0 = pthread_self() }
    }
    #expect(thread.withLock { $0 } == here)
    #expect(fixture.queue.requestsInFlight == 0)
  }

  @Test func whatIsNotKnownToBeQuickRunsElsewhere() throws {
    let limits: [(Duration, [Float])] = [(.zero, [1, 2]), (.seconds(1), [1, 2, 3, 4])]
    for (limit, values) in limits {
      let fixture = try Fixture { $0.inlineLimit = limit }
      fixture.gate.close()
      // It would never return if it waited for the gate.
      fixture.submit("a", values, mayRunHere: true)
      fixture.gate.open()
      #expect(fixture.results.wait(for: 1).first?.result.values == values.map { $0 * 2 })
    }
  }

  @Test func whatCameDuringAnInlineInferenceIsRunToo() throws {
    let fixture = try Fixture { $0.inlineLimit = .seconds(1) }
    fixture.gate.close()
    DispatchQueue.global().async { fixture.submit("here", [1, 2], mayRunHere: true) }
    while fixture.gate.waitingCount == 0 { usleep(500) }
    fixture.submit("meanwhile", [3, 4], mayRunHere: true)
    fixture.gate.open()
    #expect(fixture.results.wait(for: 2).map(\.name) == ["here", "meanwhile"])
  }

  @Test func aFullQueueRefusesTheLowestPriorityFirst() throws {
    let fixture = try Fixture {
      $0.queueCapacity = 2
      $0.maximumBatch = 1
    }
    fixture.occupy()
    for name in ["a", "b"] { fixture.submit(name, [1, 2]) }
    fixture.submit("urgent", [3, 4], priority: 1)
    #expect(fixture.results.wait(for: 1).map(\.name) == ["b"])
    fixture.gate.open()
    #expect(fixture.results.wait(for: 3).map(\.name) == ["b", "first", "urgent", "a"])
  }

  @Test func aQueueIsAlsoFullWhenItHoldsTooManyBytes() throws {
    let fixture = try Fixture { $0.queueByteCapacity = 20 }
    fixture.occupy()
    for name in ["a", "b", "c"] { fixture.submit(name, [1, 2]) }
    #expect(fixture.results.wait(for: 1).map(\.name) == ["c"])
    fixture.gate.open()
    #expect(fixture.results.wait(for: 3).count == 4)
  }

  @Test func aQueueThatNobodyKeepsAnswersWhatItHasTaken() throws {
    var options = ServingOptions()
    options.batchDelay = .milliseconds(20)
    let results = Results()
    try InferenceQueue(of: FakeModel.doubling(), options, ModelMetrics()).submit(
      InferenceRequest(inputs: [Tensor(.f32, Shape(valid: [1, 2]), elements: [1, 2] as [Float])])
    ) {
      results.add("a", $0)
    }
    #expect(results.wait(for: 1).first?.result.values == [2, 4])
  }

  @Test func keepsDeadlinesWhileEveryStreamIsBusy() throws {
    let fixture = try Fixture { $0.queueDeadline = .milliseconds(20) }
    fixture.occupy()
    fixture.submit("late", [1, 2])
    let late = fixture.results.wait(for: 1)
    #expect(throws: ServingError.deadlineExceeded(model: "doubling")) { try late[0].result.get() }
    #expect(fixture.metrics.rejections(for: .deadline) == 1)
    fixture.gate.open()
    #expect(fixture.results.wait(for: 1).last?.name == "first")
  }

  @Test func aClientCanShortenTheDeadlineButNotLengthenIt() throws {
    let fixture = try Fixture { $0.queueDeadline = .milliseconds(30) }
    fixture.occupy()
    fixture.submit("patient", [1, 2], patience: .seconds(60))
    fixture.submit("hasty", [1, 2], patience: .milliseconds(1))
    #expect(fixture.results.wait(for: 2).map(\.name) == ["hasty", "patient"])
    fixture.gate.open()
    #expect(fixture.results.wait(for: 1).count == 3)
  }

  @Test func clientsThatHungUpCostNoInference() throws {
    let fixture = try Fixture { $0.maximumBatch = 1 }
    fixture.occupy()
    fixture.submit("gone", [1, 2], isAbandoned: { true })
    usleep(5000)
    fixture.gate.open()
    let results = fixture.results.wait(for: 2)
    #expect(throws: ServingError.clientGone) { try results.last?.result.get() }
    #expect(fixture.metrics.inferenceSeconds.cumulativeCounts.last == 1)
    #expect(fixture.metrics.rejections(for: .clientGone) == 1)
  }

  @Test func aDelayGathersRequestsThatComeOneAfterTheOther() throws {
    let fixture = try Fixture {
      $0.maximumBatch = 2
      $0.batchDelay = .seconds(5)
    }
    fixture.submit("a", [1, 2])
    fixture.submit("b", [3, 4])
    #expect(fixture.results.wait(for: 2).map(\.result.values) == [[2, 4], [6, 8]])
    #expect(fixture.metrics.batchSize.cumulativeCounts.last == 1)
  }

  @Test func aDelayEndsWithoutCompany() throws {
    let fixture = try Fixture { $0.batchDelay = .milliseconds(5) }
    fixture.submit("a", [1, 2])
    #expect(fixture.results.wait(for: 1).first?.result.values == [2, 4])
  }

  @Test func streamsRunAtTheSameTime() throws {
    let fixture = try Fixture {
      $0.streams = 2
      $0.maximumBatch = 1
    }
    fixture.gate.close()
    fixture.submit("a", [1, 2])
    fixture.submit("b", [3, 4])
    for _ in 0..<2000 where fixture.gate.waitingCount < 2 { usleep(1000) }
    #expect(fixture.gate.waitingCount == 2)
    #expect(fixture.queue.requestsInFlight == 2)
    fixture.gate.open()
    #expect(fixture.results.wait(for: 2).count == 2)
  }

  @Test func tellsAModelsRefusalFromItsFailure() throws {
    let fixture = try Fixture(rows: 1...2)
    fixture.submit("large", [1, 2, 3, 4, 5, 6])
    let results = fixture.results.wait(for: 1)
    #expect(throws: ServingError.invalidInput("input 'x' takes shape [1..2, 2], not [3, 2]")) {
      try results.first?.result.get()
    }
  }
}
