package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Reduction {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    if let kernel = try ReductionPrimitive(self, site) { return kernel }
    guard site.operands[0].elementType == .u8 else { return ReferencePrimitive(self, site) }
    if self is ReduceMax, let geometry = try PoolGeometry(of: self, site) {
      return PoolPrimitive(kernel: Pool(maximumOf: .u8, geometry, cpu: site.cpu))
    }
    let shape = try site.shape(ofOperand: 0)
    guard self is ReduceMin, let axes = ReductionPrimitive.range(try axes(site.operands), in: shape),
      shape.count(in: axes) > 0
    else { return ReferencePrimitive(self, site) }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    return ByteMinimumPrimitive(
      outer: shape.count(in: 0..<axes.lowerBound), extent: shape.count(in: axes),
      inner: shape.count(in: axes.upperBound..<shape.rank))
  }
}

/// The least bytes along the middle axis of [outer, extent, inner].
private struct ByteMinimumPrimitive: Primitive {
  let outer: Int
  let extent: Int
  let inner: Int

  var kernelName: String { "minimum" }

  func execute(_ step: borrowing StepBuffers) {
    let x = step.operand(0).assumingMemoryBound(to: UInt8.self)
    let y = step.result(0).assumingMemoryBound(to: UInt8.self)
    step.team.forParts(of: outer, byteCount: outer * extent * inner) { rows in
      for row in rows {
        let (source, result) = (x + row * extent * inner, y + row * inner)
        result.update(from: source, count: inner)
        for position in 1..<max(extent, 1) {
          for place in 0..<inner { result[place] = min(result[place], source[position * inner + place]) }
        }
      }
    }
  }
}

/// Reduces an f32 tensor along axes that are neighbours.
struct ReductionPrimitive: Primitive {
  private let kernel: ReductionF32

  /// Nil for what the kernel does not compute.
  init?(_ reduction: some Reduction, _ site: LoweringSite) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    guard let operation = Self.operation(of: reduction), site.operands[0].elementType == .f32,
      let axes = Self.range(try reduction.axes(site.operands), in: shape), shape.count(in: axes) > 0
    else { return nil }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    kernel = ReductionF32(
      operation, outer: shape.count(in: 0..<axes.lowerBound), axis: shape.count(in: axes),
      inner: shape.count(in: axes.upperBound..<shape.rank), cpu: site.cpu)
  }

  private static func operation(of reduction: some Reduction) -> ReductionF32.Operation? {
    switch reduction {
    case is ReduceSum: .sum
    case is ReduceMean: .mean
    case is ReduceMax: .maximum
    case is ReduceMin: .minimum
    case is ReduceProd: .product
    default: nil
    }
  }

  /// The axes as one range, where only axes of extent 1 lie between them.
  fileprivate static func range(_ axes: Set<Int>, in shape: Shape) -> Range<Int>? {
    let long = axes.filter { shape[$0] != 1 }
    guard let first = long.min(), let last = long.max() else { return 0..<0 }
    return (first...last).allSatisfy { axes.contains($0) || shape[$0] == 1 } ? first..<last + 1 : nil
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}

extension PoolGeometry {
  /// A reduction as a pooling with one window; nil where the reduced axes are no neighbours.
  ///
  /// What stands inside of them in memory takes the place of the channels.
  init?(of reduction: some Reduction, _ site: LoweringSite) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    let axes = try reduction.axes(Array(site.operands.prefix(2)))
    guard shape.elementCount > 0 else { return nil }
    if axes == Set(2..<shape.rank), (3...5).contains(shape.rank) {
      let x = try site.operand(0, .channelsLast)
      let windows = shape.extents[2...].map { Axis(input: $0, output: 1, kernel: $0) }
      self.init(batch: shape[0], channels: shape[1], axes: windows, sourceStride: x.pixelStride)
    } else if axes == [1], shape.rank > 2, site.preferredLayout(ofOperand: 0) == .channelsLast {
      let x = try site.operand(0, .channelsLast, dense: true)
      self.init(batch: x.pixelCount, channels: 1, axes: [Axis(input: x.channels, output: 1, kernel: x.channels)])
    } else {
      guard let range = ReductionPrimitive.range(axes, in: shape) else { return nil }
      _ = try site.operand(0, .planar, dense: true)
      let extent = shape.count(in: range)
      self.init(
        batch: shape.count(in: 0..<range.lowerBound), channels: shape.count(in: range.upperBound..<shape.rank),
        axes: [Axis(input: extent, output: 1, kernel: extent)])
    }
    _ = try site.result(0, .planar)
  }
}
