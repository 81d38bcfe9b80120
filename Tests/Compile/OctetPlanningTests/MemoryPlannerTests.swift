import OctetGraph
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetPlanning

private struct Nothing: Primitive {
  var kernelName: String { "nothing" }
  func execute(_ step: borrowing StepBuffers) {}
}

@Suite struct MemoryPlannerTests {
  /// Regions with random sizes, each written by one step and read by some of those that follow.
  private struct RandomPlan {
    var buffers = BufferTable()
    var steps: [PlannedStep] = []
    var sizes: [Int] = []
    var lifetimes: [ClosedRange<Int>] = []

    init(seed: Int) {
      var random = SeededRandom(seed: UInt64(seed))
      let count = Int.random(in: 2...40, using: &random)
      for _ in 0..<count {
        sizes.append(Int.random(in: 0...5000, using: &random))
        _ = buffers.newRegion(byteCount: sizes[sizes.count - 1])
      }
      var readers = [[Int]](repeating: [], count: count)
      for region in 0..<count {
        let last = Int.random(in: region...min(count - 1, region + 6), using: &random)
        lifetimes.append(region...last)
        if last > region { readers[last].append(region) }
      }
      for step in 0..<count {
        steps.append(
          PlannedStep(
            primitive: Nothing(), operands: readers[step].map { .region(RegionID(index: $0), offset: 0) },
            results: [.region(RegionID(index: step), offset: 0)], layer: 0, saturation: nil, origin: nil))
      }
    }
  }

  private func offset(_ planner: MemoryPlanner, _ region: Int) throws -> Int {
    guard case .arena(let offset) = planner.reference(.region(RegionID(index: region), offset: 0)) else {
      throw ModelError.model("region \(region) is not in the arena")
    }
    return offset
  }

  @Test(arguments: 0..<50)
  func regionsThatLiveAtOnceNeverShareAByte(_ seed: Int) throws {
    let random = RandomPlan(seed: seed)
    let planner = MemoryPlanner.plan(random.steps, random.buffers)
    for a in random.sizes.indices {
      let first = try offset(planner, a)..<(try offset(planner, a) + random.sizes[a])
      #expect(first.lowerBound % 64 == 0)
      #expect(first.upperBound <= planner.byteCount)
      for b in random.sizes.indices where b > a && random.lifetimes[a].overlaps(random.lifetimes[b]) {
        let second = try offset(planner, b)..<(try offset(planner, b) + random.sizes[b])
        #expect(!first.overlaps(second), "regions \(a) and \(b)")
      }
    }
  }

  @Test func memoryOfTheDeadIsUsedAgain() throws {
    var buffers = BufferTable()
    let regions = (0..<10).map { _ in buffers.newRegion(byteCount: 1000) }
    let steps = regions.indices.map { index in
      PlannedStep(
        primitive: Nothing(), operands: index == 0 ? [] : [.region(regions[index - 1], offset: 0)],
        results: [.region(regions[index], offset: 0)], layer: 0, saturation: nil, origin: nil)
    }
    // A chain holds two tensors at a time, each with the bytes that kernels may read behind it.
    #expect(MemoryPlanner.plan(steps, buffers).byteCount <= 2 * (1000 + 64 + 63))
  }

  @Test func outputsTakeNoArena() {
    var buffers = BufferTable()
    let region = buffers.newRegion(byteCount: 1000)
    let isAssigned = buffers.assign(region, toOutput: 3, byteCount: 1000)
    #expect(isAssigned)
    let step = PlannedStep(
      primitive: Nothing(), operands: [], results: [.region(region, offset: 0)], layer: 0, saturation: nil, origin: nil)
    let planner = MemoryPlanner.plan([step], buffers)
    #expect(planner.byteCount == 0)
    guard case .output(3) = planner.reference(.region(region, offset: 0)) else {
      Issue.record("the region is not output 3")
      return
    }
  }

  @Test func aRegionBecomesOneOutputOfItsOwnSizeOnly() {
    var buffers = BufferTable()
    let region = buffers.newRegion(byteCount: 1000)
    let attempts = [(0, 999), (0, 1000), (1, 1000)].map { output, byteCount in
      buffers.assign(region, toOutput: output, byteCount: byteCount)
    }
    #expect(attempts == [false, true, false])
  }
}
