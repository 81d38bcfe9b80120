import COctetKernels

/// Moves elements without changing them: changes of layout, transposition, concatenation, slicing, broadcasting.
///
///     destination[Σ i[a]·destinationStride[a]] = source[Σ i[a]·sourceStride[a]]   for all i[a] in 0 ..< extent[a]
package struct Reorder: Sendable {
  /// One axis of the elements to move; strides count bytes. A source stride may be 0 or negative.
  package struct Axis: Hashable, Sendable {
    package var extent: Int, sourceStride: Int, destinationStride: Int

    package init(extent: Int, sourceStride: Int, destinationStride: Int) {
      self.extent = extent
      self.sourceStride = sourceStride
      self.destinationStride = destinationStride
    }

    /// Whether one step along this axis is a whole round of `inner`, so that the two are one axis.
    fileprivate func continues(_ inner: Axis) -> Bool {
      sourceStride == inner.sourceStride * inner.extent && destinationStride == inner.destinationStride * inner.extent
    }
  }

  private let prepared: PreparedKernel<octet_reorder_plan>

  /// Moves elements of `elementSize` bytes: 1, 2, 4 or 8. No two may have the same destination.
  package init(_ axes: [Axis], elementSize: Int, cpu: CPU = .current) {
    precondition([1, 2, 4, 8].contains(elementSize), "elements of \(elementSize) bytes")
    precondition(axes.count <= OCTET_REORDER_AXES, "\(axes.count) axes")
    let plan = Self.plan(axes, elementSize: elementSize)
    prepared = PreparedKernel(
      RangeKernel(octet_reorder_kernels(), cpu: cpu), plan: plan, constants: [],
      units: withUnsafePointer(to: plan) { octet_reorder_units($0) },
      bytes: 2 * elementSize * axes.reduce(1) { $0 * $1.extent })
  }

  /// The same for any number of axes; fails when too many are left once those that run on into each other are one.
  package init?(merging axes: [Axis], elementSize: Int, cpu: CPU = .current) {
    let merged = Self.merged(axes)
    guard merged.count <= OCTET_REORDER_AXES else { return nil }
    self.init(merged, elementSize: elementSize, cpu: cpu)
  }

  /// How the elements are moved, the fastest first.
  package enum Kind: Int {
    /// Rows that stay together.
    case copy
    /// Blocks that are transposed.
    case transposition
    /// One by one.
    case gather
  }

  package var kind: Kind {
    switch prepared.plan.kind {
    case OCTET_REORDER_COPY: .copy
    case OCTET_REORDER_TRANSPOSE: .transposition
    default: .gather
    }
  }

  package var kernelName: String { prepared.kernel.name }

  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_reorder_arguments(
        plan: plan, source: source.assumingMemoryBound(to: UInt8.self),
        destination: destination.assumingMemoryBound(to: UInt8.self))
    }
  }
}

// MARK: - The common ones

extension Reorder {
  /// A change of layout; strides of pixels count elements.
  package init(_ change: LayoutChange, elementSize: Int, cpu: CPU = .current) {
    let source = change.strides(of: change.source), destination = change.strides(of: change.destination)
    let axes = zip([change.batch, change.channels, change.inner], zip(source, destination)).map {
      Axis(extent: $0, sourceStride: $1.0 * elementSize, destinationStride: $1.1 * elementSize)
    }
    self.init(axes, elementSize: elementSize, cpu: cpu)
  }

  /// Copies `count` rows of `bytes`, as concatenation, splitting and slicing need; strides count bytes.
  package init(rows count: Int, bytes: Int, sourceStride: Int, destinationStride: Int, cpu: CPU = .current) {
    self.init(
      [
        Axis(extent: count, sourceStride: sourceStride, destinationStride: destinationStride),
        Axis(extent: bytes, sourceStride: 1, destinationStride: 1),
      ], elementSize: 1, cpu: cpu)
  }
}

extension LayoutChange {
  /// Elements from one batch item, channel and inner position to the next.
  fileprivate func strides(of side: Side) -> [Int] {
    switch side {
    case .planar: [channels * inner, inner, 1]
    case .channelsLast(let stride): [inner * stride, 1, stride]
    }
  }
}

// MARK: - Planning

extension Reorder {
  private static func plan(_ given: [Axis], elementSize: Int) -> octet_reorder_plan {
    var (axes, size) = widened(merged(given), elementSize: elementSize)
    if axes.isEmpty { axes = [Axis(extent: 1, sourceStride: size, destinationStride: size)] }
    let last = axes[axes.count - 1]
    var kind = OCTET_REORDER_GATHER
    if last.destinationStride == size {
      if last.sourceStride == size {
        kind = OCTET_REORDER_COPY
      } else if let contiguous = axes.firstIndex(where: { $0.sourceStride == size }) {
        kind = OCTET_REORDER_TRANSPOSE
        axes.insert(axes.remove(at: contiguous), at: axes.count - 1)
      }
    }
    let pieceBytes = kind == OCTET_REORDER_COPY ? 16384 : 64

    var plan = octet_reorder_plan()
    plan.kind = kind
    plan.element_size = size
    plan.piece = pieceBytes / size
    let unused = Axis(extent: 1, sourceStride: 0, destinationStride: 0)
    let all = Array(repeating: unused, count: Int(OCTET_REORDER_AXES) - axes.count) + axes
    assign(all.map(\.extent), to: &plan.extent)
    assign(all.map(\.sourceStride), to: &plan.source_stride)
    assign(all.map(\.destinationStride), to: &plan.destination_stride)
    return plan
  }

  /// The same moves by as few axes as possible, in the order of the destination.
  private static func merged(_ axes: [Axis]) -> [Axis] {
    var merged: [Axis] = []
    for axis in axes.filter({ $0.extent != 1 }).sorted(by: { $0.destinationStride > $1.destinationStride }) {
      if let outer = merged.last, outer.continues(axis) {
        merged[merged.count - 1] = Axis(
          extent: outer.extent * axis.extent, sourceStride: axis.sourceStride,
          destinationStride: axis.destinationStride)
      } else {
        merged.append(axis)
      }
    }
    return merged
  }

  /// Takes a short last axis that stays together as one element: pairs of f32 move as 8 bytes.
  private static func widened(_ axes: [Axis], elementSize: Int) -> ([Axis], Int) {
    guard let last = axes.last, last.sourceStride == elementSize, last.destinationStride == elementSize,
      [2, 4, 8].contains(last.extent * elementSize)
    else { return (axes, elementSize) }
    return (Array(axes.dropLast()), last.extent * elementSize)
  }
}
