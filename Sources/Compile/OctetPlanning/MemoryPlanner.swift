import OctetGraph
import OctetRuntime

/// A step before the arena is laid out.
struct PlannedStep {
  let primitive: any Primitive
  let operands: [Place]
  let results: [Place]
  let layer: Int
  let saturation: SaturationProbe?
  let origin: StepOrigin?
}

/// The node behind a step, and how its operands and results stand in memory; nil for those that it does not touch.
struct StepOrigin {
  let node: Node
  let operands: [TensorView?]
  let results: [TensorView?]
}

/// Gives every region an offset: regions whose lifetimes overlap never share a byte, others may.
///
/// Greedy, largest first: each region takes the lowest gap that is free for its whole life (Pisarchyk and Lee,
/// "Efficient Memory Management for Deep Neural Net Inference", 2020).
struct MemoryPlanner {
  private static let alignment = 64
  /// Kernels may read this far past a tensor; the bytes there may be anything but must exist.
  private static let slack = 64

  private let offsets: [Int]
  private let outputs: [Int?]
  let byteCount: Int

  static func plan(_ steps: [PlannedStep], _ buffers: BufferTable) -> MemoryPlanner {
    let lifetimes = lifetimes(of: buffers.regions.count, in: steps)
    var offsets = [Int](repeating: 0, count: buffers.regions.count)
    var taken: [(lifetime: ClosedRange<Int>, bytes: Range<Int>)] = []
    var end = 0
    let order = buffers.regions.indices.sorted { buffers.regions[$0].byteCount > buffers.regions[$1].byteCount }
    for region in order where buffers.regions[region].output == nil {
      guard let lifetime = lifetimes[region] else { continue }
      let size = aligned(buffers.regions[region].byteCount + slack)
      let busy = taken.filter { $0.lifetime.overlaps(lifetime) }.map(\.bytes)
      let offset = lowestGap(of: size, between: busy)
      offsets[region] = offset
      taken.append((lifetime, offset..<(offset + size)))
      end = max(end, offset + size)
    }
    return MemoryPlanner(offsets: offsets, outputs: buffers.regions.map(\.output), byteCount: end)
  }

  func reference(_ place: Place) -> BufferReference {
    switch place {
    case .input(let index): .input(index)
    case .output(let index): .output(index)
    case .constant(let storage): .constant(storage)
    case .unused: .arena(offset: 0)
    case .region(let region, let offset):
      if let output = outputs[region.index] { .output(output) } else { .arena(offset: offsets[region.index] + offset) }
    }
  }

  /// From the first step that touches a region to the last.
  private static func lifetimes(of count: Int, in steps: [PlannedStep]) -> [ClosedRange<Int>?] {
    var lifetimes = [ClosedRange<Int>?](repeating: nil, count: count)
    for (index, step) in steps.enumerated() {
      for place in step.operands + step.results {
        guard let region = place.region?.id.index else { continue }
        lifetimes[region] = (lifetimes[region]?.lowerBound ?? index)...index
      }
    }
    return lifetimes
  }

  private static func lowestGap(of size: Int, between busy: [Range<Int>]) -> Int {
    var offset = 0
    for range in busy.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound >= offset + size { break }
      offset = max(offset, range.upperBound)
    }
    return offset
  }

  private static func aligned(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }
}
