/// A part of a picture, in pixels; borders may lie between them.
struct PixelBox: Hashable {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
}

extension PixelImage {
  /// Scales a part of the picture with a triangle filter that is as wide as the pixels of the result are: every pixel of
  /// the part counts. First along rows, then along columns, rounding to 8 bits after each.
  ///
  ///     out(x) = Σ in(i) · w(i) / Σ w(i),   w(i) = 1 − |i + ½ − c| / s,   c = left + (x + ½) · width / newWidth
  ///
  /// where s = max(1, width / newWidth). Source: Pillow's resize with BILINEAR, to the bit.
  func resized(_ box: PixelBox, width newWidth: Int, height newHeight: Int) -> PixelImage {
    let across = ResamplingWeights(extent: width, start: box.left, length: box.width, to: newWidth)
    let down = ResamplingWeights(extent: height, start: box.top, length: box.height, to: newHeight)
    return resampledAcross(across, rows: down.span).resampledDown(down)
  }

  /// Only the rows that the second step will look at; the others stay away.
  private func resampledAcross(_ weights: ResamplingWeights, rows: Range<Int>) -> PixelImage {
    let newWidth = weights.ranges.count
    let samples = [UInt8](unsafeUninitializedCapacity: rows.count * newWidth * channels) { result, count in
      self.samples.withUnsafeBufferPointer { samples in
        for (newRow, row) in rows.enumerated() {
          for x in 0..<newWidth {
            for channel in 0..<channels {
              let first = row * rowByteCount + weights.ranges[x].lowerBound * channels + channel
              result[(newRow * newWidth + x) * channels + channel] = weights.sum(x, samples, from: first, by: channels)
            }
          }
        }
      }
      count = rows.count * newWidth * channels
    }
    return PixelImage(width: newWidth, height: rows.count, channels: channels, samples: samples)
  }

  private func resampledDown(_ weights: ResamplingWeights) -> PixelImage {
    let newHeight = weights.ranges.count
    let samples = [UInt8](unsafeUninitializedCapacity: newHeight * rowByteCount) { result, count in
      self.samples.withUnsafeBufferPointer { samples in
        for y in 0..<newHeight {
          let first = (weights.ranges[y].lowerBound - weights.span.lowerBound) * rowByteCount
          for column in 0..<rowByteCount {
            result[y * rowByteCount + column] = weights.sum(y, samples, from: first + column, by: rowByteCount)
          }
        }
      }
      count = newHeight * rowByteCount
    }
    return PixelImage(width: width, height: newHeight, channels: channels, samples: samples)
  }
}

/// What each sample of a resampled line takes from which samples of the original.
private struct ResamplingWeights {
  /// Bits behind the point.
  private static let precision: Int32 = 32 - 8 - 2

  /// The samples that each new one takes something from.
  private(set) var ranges: [Range<Int>] = []
  /// Where each range's weights begin.
  private var starts: [Int] = []
  private var weights: [Int32] = []

  /// The samples that any new one takes something from.
  var span: Range<Int> { (ranges.first?.lowerBound ?? 0)..<(ranges.last?.upperBound ?? 0) }

  init(extent: Int, start: Double, length: Double, to count: Int) {
    let scale = length / Double(count)
    let support = max(scale, 1)
    for index in 0..<count {
      let center = start + (Double(index) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = max(first + 1, min(extent, Int(center + support + 0.5)))
      let triangle = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / support)) }
      let total = triangle.reduce(0, +)
      ranges.append(first..<end)
      starts.append(weights.count)
      weights += triangle.map { weight in
        Int32((weight / (total == 0 ? 1 : total) * Double(1 << Self.precision) + 0.5).rounded(.down))
      }
    }
  }

  @inline(__always)
  func sum(_ index: Int, _ samples: UnsafeBufferPointer<UInt8>, from first: Int, by step: Int) -> UInt8 {
    weights.withUnsafeBufferPointer { weights in
      var sum: Int32 = 1 << (Self.precision - 1)
      var position = first
      let start = starts[index]
      for offset in 0..<ranges[index].count {
        sum &+= Int32(samples[position]) &* weights[start + offset]
        position += step
      }
      return UInt8(clamping: sum >> Self.precision)
    }
  }
}
