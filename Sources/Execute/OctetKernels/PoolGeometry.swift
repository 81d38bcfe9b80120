import COctetKernels

/// Windows over the spatial axes of channels-last images, one to three of them.
package struct PoolGeometry: Hashable, Sendable {
  /// One spatial axis. Window `i` has its first tap at i·stride − padBegin, and its taps `dilation` apart.
  package struct Axis: Hashable, Sendable {
    package var input: Int, output: Int
    package var kernel: Int, stride: Int, dilation: Int
    package var padBegin: Int, padEnd: Int

    package init(
      input: Int, output: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, padBegin: Int = 0, padEnd: Int = 0
    ) {
      self.input = input
      self.output = output
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.padBegin = padBegin
      self.padEnd = padEnd
    }

    /// The taps of window `position` that lie in `range` of the input, as tap numbers.
    func taps(of position: Int, in range: Range<Int>) -> Range<Int> {
      let start = position * stride - padBegin
      let before = (range.lowerBound - start + dilation - 1) / dilation
      let upTo = (range.upperBound - start + dilation - 1) / dilation
      let first = min(max(before, 0), kernel)
      return first..<min(max(upTo, first), kernel)
    }
  }

  /// What the sum of a window is divided by.
  package enum Divisor: Hashable, Sendable {
    /// The taps in the image: padding is excluded.
    case taps
    /// The taps in the image and its padding. In ceil mode a window may reach past both.
    case paddedTaps
    /// All taps, wherever they are.
    case kernel
  }

  package var batch: Int, channels: Int
  package var axes: [Axis]
  /// Elements from one pixel to the next.
  package var sourceStride: Int, destinationStride: Int

  package init(batch: Int, channels: Int, axes: [Axis], sourceStride: Int? = nil, destinationStride: Int? = nil) {
    self.batch = batch
    self.channels = channels
    self.axes = axes
    self.sourceStride = sourceStride ?? channels
    self.destinationStride = destinationStride ?? channels
    precondition((1...3).contains(axes.count), "\(axes.count) spatial axes")
    precondition(self.sourceStride >= channels && self.destinationStride >= channels, "pixels overlap in \(self)")
    precondition(
      axes.allSatisfy { $0.input >= 0 && $0.output >= 0 && $0.kernel > 0 && $0.stride > 0 && $0.dilation > 0 },
      "a window without size in \(self)")
  }

  /// Depth, height and width, the missing ones of extent 1.
  var threeAxes: [Axis] { Array(repeating: Axis(input: 1, output: 1, kernel: 1), count: 3 - axes.count) + axes }

  /// For each axis, a window for every output position.
  func windows(_ divisor: Divisor) -> [[octet_pool_window]] {
    threeAxes.map { axis in
      (0..<axis.output).map { position in
        let taps = axis.taps(of: position, in: 0..<axis.input)
        let divisor =
          switch divisor {
          case .taps: taps.count
          case .paddedTaps: axis.taps(of: position, in: -axis.padBegin..<axis.input + axis.padEnd).count
          case .kernel: axis.kernel
          }
        let first = position * axis.stride - axis.padBegin + taps.lowerBound * axis.dilation
        return octet_pool_window(
          first: taps.isEmpty ? 0 : UInt32(first), count: UInt32(taps.count), divisor: UInt32(max(1, divisor)))
      }
    }
  }
}
