import COctetKernels

/// Resamples images whose channels are last: every result pixel is a weighted sum of some pixels.
///
///     v = Σ row weight · column weight · x[row, column] + shift
///     y = clamp(v, minimum, maximum) · scale + offset
///
/// Where one pixel with the weight 1 makes each result, elements of any size are copied instead.
package struct Resample: Sendable {
  /// How much the position `index` of an axis counts for one result.
  package struct Tap: Hashable, Sendable {
    package var index: Int
    package var weight: Float

    package init(index: Int, weight: Float) {
      self.index = index
      self.weight = weight
    }
  }

  package struct Axis: Sendable {
    package var sourceExtent: Int
    /// For each result, what it is made of.
    package var taps: [[Tap]]

    package init(sourceExtent: Int, taps: [[Tap]]) {
      precondition(taps.allSatisfy { $0.allSatisfy { (0..<sourceExtent).contains($0.index) } }, "taps out of range")
      self.sourceExtent = sourceExtent
      self.taps = taps
    }

    fileprivate var copies: Bool { taps.allSatisfy { $0.count == 1 && $0[0].weight == 1 } }
  }

  /// Pixels of `channels` elements; strides count elements from one pixel to the next.
  package struct Images: Hashable, Sendable {
    package var batch: Int, channels: Int, sourceStride: Int, destinationStride: Int

    package init(batch: Int, channels: Int, sourceStride: Int, destinationStride: Int) {
      self.batch = batch
      self.channels = channels
      self.sourceStride = sourceStride
      self.destinationStride = destinationStride
      precondition(channels <= min(sourceStride, destinationStride), "pixels overlap in \(self)")
    }
  }

  private let prepared: PreparedKernel<octet_resample_plan>

  /// Copies elements of `elementSize` bytes; nil when results are sums.
  package init?(copying images: Images, rows: Axis, columns: Axis, elementSize: Int, cpu: CPU = .current) {
    guard rows.copies, columns.copies else { return nil }
    var plan = octet_resample_plan()
    plan.copies = true
    plan.element_size = elementSize
    prepared = Self.prepared(plan, images, rows, columns, bytesPerElement: 2 * elementSize, cpu)
  }

  /// Sums elements; `shift` is added to each sum before `epilogue`, whose affine step is one for all channels.
  package init(
    _ images: Images, rows: Axis, columns: Axis, element: VectorElement, shift: Float = 0,
    epilogue: Elementwise.Epilogue = .init(), cpu: CPU = .current
  ) {
    precondition(!epilogue.affine.isPerColumn, "an affine step per channel")
    var plan = octet_resample_plan()
    plan.source_type = element.code
    plan.destination_type = epilogue.result.element
    plan.shift = shift
    plan.minimum = epilogue.clamp?.lowerBound ?? -.infinity
    plan.maximum = epilogue.clamp?.upperBound ?? .infinity
    (plan.scale, plan.offset) = (epilogue.affine.scale[0], epilogue.affine.shift[0])
    (plan.low, plan.high) = epilogue.result.bounds
    let taps = [rows, columns].map { $0.taps.map(\.count).max() ?? 1 }
    prepared = Self.prepared(
      plan, images, rows, columns, bytesPerElement: 4 + element.byteCount * taps[0] * taps[1], cpu)
  }

  private static func prepared(
    _ given: octet_resample_plan, _ images: Images, _ rows: Axis, _ columns: Axis, bytesPerElement: Int, _ cpu: CPU
  ) -> PreparedKernel<octet_resample_plan> {
    var plan = given
    (plan.source_rows, plan.source_columns) = (rows.sourceExtent, columns.sourceExtent)
    (plan.rows, plan.columns, plan.channels) = (rows.taps.count, columns.taps.count, images.channels)
    (plan.source_stride, plan.destination_stride) = (images.sourceStride, images.destinationStride)
    let tables = [rows, columns].map(AxisTable.init)
    (plan.row_axis, plan.column_axis) = (tables[0].axis, tables[1].axis)
    let units = images.batch * plan.rows
    return PreparedKernel(
      RangeKernel(octet_resample_kernels(), cpu: cpu), plan: plan, constants: tables.flatMap(\.constants), units: units,
      bytes: units * plan.columns * images.channels * bytesPerElement)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 60 bytes past the end of the source are read.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_resample_arguments(
        plan: plan, source: source.assumingMemoryBound(to: UInt8.self),
        destination: destination.assumingMemoryBound(to: UInt8.self))
    }
  }
}

/// The taps of an axis one after the other, and where those of each result begin.
private struct AxisTable {
  let axis: octet_resample_axis
  let constants: [any AnyObject & Sendable]

  init(_ axis: Resample.Axis) {
    var begins: [UInt32] = [0]
    for taps in axis.taps { begins.append(begins[begins.count - 1] + UInt32(taps.count)) }
    let first = Constants(begins)
    let index = Constants(axis.taps.flatMap { $0.map { UInt32($0.index) } })
    let weight = Constants(axis.taps.flatMap { $0.map(\.weight) })
    self.axis = octet_resample_axis(first: first.base, index: index.base, weight: weight.base)
    constants = [first, index, weight]
  }
}
