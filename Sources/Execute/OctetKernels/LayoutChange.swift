import COctetKernels

/// How a tensor of `batch` × `channels` × `inner` elements lies in memory before and after a kernel.
package struct LayoutChange: Hashable, Sendable {
  package enum Side: Hashable, Sendable {
    /// [batch, channels, inner]
    case planar
    /// [batch, inner, channels], with `stride` elements from one pixel to the next.
    case channelsLast(stride: Int)
  }

  package var batch: Int, channels: Int, inner: Int
  package var source: Side, destination: Side

  package init(batch: Int, channels: Int, inner: Int, from source: Side, to destination: Side) {
    self.batch = batch
    self.channels = channels
    self.inner = inner
    self.source = source
    self.destination = destination
    precondition(batch >= 0 && channels >= 0 && inner >= 0, "negative extent in \(self)")
    precondition(source.stride(channels) >= channels && destination.stride(channels) >= channels, "overlap in \(self)")
  }

  var elementCount: Int { batch * channels * inner }

  /// Whether the elements stand in the same order on both sides, without gaps.
  private var isFlat: Bool { source == destination && source.stride(channels) == channels }

  /// A change that moves the same bytes faster, with the values per channel that it needs then.
  ///
  /// Rows of a single element become pixels, a single channel becomes one row, equal values for all channels make the tensor one long row, and pixels of
  /// few channels are taken sixteen at a time.
  /// `transposition` is the one that the kernel can do; it takes sixteen pixels at a time, even of one channel.
  func simplified(_ values: inout [[Float]], transposition: octet_layout_change) -> LayoutChange {
    var change = self
    let isDense = source.stride(channels) == channels && destination.stride(channels) == channels
    if inner == 1 || (channels == 1 && (isDense || self.change != transposition)) {
      if source == .planar { change.source = .channelsLast(stride: channels) }
      if destination == .planar { change.destination = .channelsLast(stride: channels) }
    }
    guard change.isFlat, elementCount > 0 else { return change }
    if values.allSatisfy({ row in row.allSatisfy { $0.bitPattern == row[0].bitPattern } }) {
      values = values.map { [$0[0]] }
      return LayoutChange(batch: 1, channels: 1, inner: elementCount, from: .planar, to: .planar)
    }
    let pixels = 16
    if change.source != .planar, channels < 16, batch * inner % pixels == 0 {
      values = values.map { row in Array(repeatElement(row, count: pixels).joined()) }
      let dense = Side.channelsLast(stride: channels * pixels)
      return LayoutChange(
        batch: 1, channels: channels * pixels, inner: batch * inner / pixels, from: dense, to: dense)
    }
    return change
  }

  var plan: octet_layout_plan {
    octet_layout_plan(
      change: change, batch: batch, channels: channels, inner: inner, source_stride: source.stride(channels),
      destination_stride: destination.stride(channels))
  }

  /// Units of work in the kernels that take `plan`.
  var units: Int { withUnsafePointer(to: plan) { octet_layout_units($0) } }

  private var change: octet_layout_change {
    switch (source, destination) {
    case (.planar, .planar): OCTET_PLANAR_TO_PLANAR
    case (.planar, .channelsLast): OCTET_PLANAR_TO_CHANNELS_LAST
    case (.channelsLast, .channelsLast): OCTET_CHANNELS_LAST_TO_CHANNELS_LAST
    case (.channelsLast, .planar): OCTET_CHANNELS_LAST_TO_PLANAR
    }
  }
}

extension LayoutChange.Side {
  /// Elements from one pixel to the next; for a planar side what a dense pixel would take.
  func stride(_ channels: Int) -> Int {
    switch self {
    case .planar: channels
    case .channelsLast(let stride): stride
    }
  }
}
