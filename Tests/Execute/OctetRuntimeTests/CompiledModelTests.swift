import Dispatch
import OctetKernels
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Synchronization
import Testing

/// Plans that do nothing, and how often each shape was planned.
private final class PlanCounter: Sendable {
  private let counts = Mutex([[Shape]: Int]())

  func count(_ extent: Int) -> Int { counts.withLock { $0[[Shape(valid: [extent])], default: 0] } }

  func model(_ dimension: Dimension = .dynamic, maximumPlans: Int = 32) -> CompiledModel {
    let port = Port(name: "x", type: TensorType(.f32, PartialShape([dimension])))
    return CompiledModel(
      signature: ModelSignature(inputs: [port], outputs: [port]), instructionSet: "scalar", maximumPlans: maximumPlans,
      weightByteCount: { 0 }
    ) { [self] shapes in
      counts.withLock { $0[shapes, default: 0] += 1 }
      return ExecutionPlan(
        inputs: [(.f32, shapes[0])], outputs: [(.f32, shapes[0])], steps: [], layers: [],
        arenaByteCount: shapes[0].elementCount)
    }
  }
}

@Suite struct CompiledModelTests {
  @Test func aShapeIsPlannedOnce() throws {
    let counter = PlanCounter()
    let model = counter.model()
    let first = try model.plan(for: [[3]])
    #expect(try model.plan(for: [[3]]) === first)
    #expect(counter.count(3) == 1)
  }

  @Test func theLeastRecentlyUsedPlanLeaves() throws {
    let counter = PlanCounter()
    let model = counter.model(maximumPlans: 2)
    for extent in [1, 2, 1, 3, 1, 2] { _ = try model.plan(for: [Shape(valid: [extent])]) }
    #expect((1...3).map(counter.count) == [1, 2, 1])
    #expect(model.arenaByteCount == 2)
  }

  @Test func requestsThatPlanAtOnceShareOnePlan() {
    let counter = PlanCounter()
    let model = counter.model()
    let plans = Mutex([ExecutionPlan]())
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      guard let plan = try? model.plan(for: [[5]]) else { return }
      plans.withLock { $0.append(plan) }
    }
    let all = plans.withLock { $0 }
    #expect(all.count == 16)
    #expect(all.allSatisfy { $0 === all[0] })
  }

  @Test func shapesThatTheModelDoesNotTakeAreRefused() throws {
    let model = PlanCounter().model(.bounded(2...4))
    #expect(throws: ModelError.input("input 'x' takes shape [2..4], not [5]")) { try model.plan(for: [[5]]) }
    #expect(throws: ModelError.input("input 'x' takes shape [2..4], not [2, 1]")) { try model.plan(for: [[2, 1]]) }
    #expect(throws: ModelError.input("the model takes 1 inputs, not 0")) { try model.plan(for: []) }
  }

  @Test(arguments: [(Dimension.dynamic, 1), (.bounded(4...9), 4), (.bounded(0...0), 0), (.fixed(7), 7)])
  func modelsAreLoadedWithTheSmallestShapes(_ dimension: Dimension, _ extent: Int) {
    #expect(PlanCounter().model(dimension).smallestInputShapes == [Shape(valid: [extent])])
  }

  @Test func openExtentsNeverMakeAnImpossibleShape() {
    let type = TensorType(.f32, PartialShape([Dimension](repeating: .dynamic, count: 8)))
    let signature = ModelSignature(inputs: [Port(name: "x", type: type)], outputs: [])
    #expect(signature.inputShapes(openExtent: 224) == [[1, 1, 1, 1, 1, 1, 1, 1]])
  }

  @Test func requestsAreJoinedOnlyWhereEverythingLeavesTheFirstAxisOpen() {
    func port(_ shape: PartialShape) -> Port { Port(name: "x", type: TensorType(.f32, shape)) }
    #expect(ModelSignature(inputs: [port([.dynamic, 3])], outputs: [port([.dynamic])]).isBatchable)
    #expect(!ModelSignature(inputs: [port([.dynamic, 3])], outputs: [port([1])]).isBatchable)
    #expect(!ModelSignature(inputs: [port([])], outputs: [port([.dynamic])]).isBatchable)
    #expect(!ModelSignature(inputs: [], outputs: [port([.dynamic])]).isBatchable)
  }
}
