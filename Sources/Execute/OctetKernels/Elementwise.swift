import COctetKernels

/// Binary operations on tensors of any layout, with broadcasting.
///
///     v = operation(a·scaleA + shiftA, b·scaleB + shiftB)
///     y = clamp(v, minimum, maximum)·scale + shift
///
/// A maximum or minimum of a NaN and a number is b, whichever of the two is the NaN.
package struct Elementwise: Sendable {
  package enum Operation: Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, squaredDifference

    fileprivate var code: octet_elementwise_operation {
      switch self {
      case .add: OCTET_ELEMENTWISE_ADD
      case .subtract: OCTET_ELEMENTWISE_SUBTRACT
      case .multiply: OCTET_ELEMENTWISE_MULTIPLY
      case .divide: OCTET_ELEMENTWISE_DIVIDE
      case .maximum: OCTET_ELEMENTWISE_MAXIMUM
      case .minimum: OCTET_ELEMENTWISE_MINIMUM
      case .squaredDifference: OCTET_ELEMENTWISE_SQUARED_DIFFERENCE
      }
    }
  }

  /// A tensor to read; strides count elements, and 0 broadcasts.
  package struct Operand: Hashable, Sendable {
    package var element: VectorElement
    package var affine: Affine
    package var strides: [Int]

    package init(_ element: VectorElement, affine: Affine = .identity, strides: [Int]) {
      self.element = element
      self.affine = affine
      self.strides = strides
    }
  }

  /// What is done with the value of the operation before it is stored.
  package struct Epilogue: Hashable, Sendable {
    package var clamp: ClosedRange<Float>?
    package var affine: Affine
    package var result: VectorResult

    package init(clamp: ClosedRange<Float>? = nil, affine: Affine = .identity, result: VectorResult = .f32) {
      self.clamp = clamp
      self.affine = affine
      self.result = result
    }
  }

  private let prepared: PreparedKernel<octet_elementwise_plan>

  /// `strides` are the destination's. Its contiguous axis holds the columns; at most five others are left once axes that
  /// run on into each other are merged.
  package init(
    _ operation: Operation, extents: [Int], a: Operand, b: Operand, strides: [Int], epilogue: Epilogue = Epilogue(),
    cpu: CPU = .current
  ) {
    let affines = [a.affine, b.affine, epilogue.affine]
    let axes = Self.merged(
      extents, strides: [a.strides, b.strides, strides], keepingColumns: affines.contains(where: \.isPerColumn))
    let columns = axes[axes.count - 1].extent
    let constants = affines.map { $0.prepared(columns: columns) }
    let (low, high) = epilogue.result.bounds

    var plan = octet_elementwise_plan()
    plan.operation = operation.code
    assign(axes.map(\.extent), to: &plan.extent)
    (plan.a.type, plan.b.type) = (a.element.code, b.element.code)
    (plan.a.affine, plan.b.affine, plan.affine) = (constants[0].affine, constants[1].affine, constants[2].affine)
    assign(axes.map { $0.strides[0] }, to: &plan.a.stride)
    assign(axes.map { $0.strides[1] }, to: &plan.b.stride)
    assign(axes.map { $0.strides[2] }, to: &plan.destination_stride)
    plan.is_clamped = epilogue.clamp != nil
    plan.minimum = epilogue.clamp?.lowerBound ?? 0
    plan.maximum = epilogue.clamp?.upperBound ?? 0
    plan.destination_type = epilogue.result.element
    (plan.low, plan.high) = (low, high)
    let tile = Int(OCTET_ELEMENTWISE_TILE)
    plan.tile_columns = max(1, min(columns, tile))
    plan.tile_rows = columns <= tile ? max(1, min(axes[axes.count - 2].extent, tile / plan.tile_columns)) : 1

    let bytes = a.element.byteCount + b.element.byteCount + (epilogue.result == .f32 ? 4 : 1)
    prepared = PreparedKernel(
      RangeKernel(octet_elementwise_kernels(), cpu: cpu), plan: plan, constants: constants.flatMap(\.constants),
      units: withUnsafePointer(to: plan) { octet_elementwise_units($0) }, bytes: bytes * extents.reduce(1, *))
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 60 bytes past the end of both operands are read. The destination may be an operand of the same element type
  /// and strides.
  package func run(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    prepared.run(on: team) { octet_elementwise_arguments(plan: $0, a: a, b: b, destination: destination) }
  }
}

// MARK: - Axes

extension Elementwise {
  private struct Axis {
    var extent: Int
    /// Of a, b and the destination.
    var strides: [Int]

    /// Whether one step along this axis is a whole round of `inner`, so that the two are one axis.
    func continues(_ inner: Axis) -> Bool { strides == inner.strides.map { $0 * inner.extent } }
  }

  /// The same elements by as few axes as possible, in the order of the destination, the contiguous one last.
  private static func merged(_ extents: [Int], strides: [[Int]], keepingColumns: Bool) -> [Axis] {
    precondition(strides.allSatisfy { $0.count == extents.count }, "strides \(strides) for extents \(extents)")
    var axes = extents.indices.map { index in Axis(extent: extents[index], strides: strides.map { $0[index] }) }
    axes = axes.filter { $0.extent != 1 }.sorted { $0.strides[2] > $1.strides[2] }
    if axes.last?.strides[2] != 1 { axes.append(Axis(extent: 1, strides: [1, 1, 1])) }

    var merged: [Axis] = []
    for (index, axis) in axes.enumerated() {
      let isColumn = index == axes.count - 1
      if let outer = merged.last, outer.continues(axis), !(isColumn && keepingColumns) {
        merged[merged.count - 1] = Axis(extent: outer.extent * axis.extent, strides: axis.strides)
      } else {
        merged.append(axis)
      }
    }
    let most = Int(OCTET_ELEMENTWISE_AXES)
    precondition(merged.count <= most, "\(merged.count) axes that do not merge; a kernel has \(most)")
    return Array(repeating: Axis(extent: 1, strides: [0, 0, 0]), count: most - merged.count) + merged
  }
}
