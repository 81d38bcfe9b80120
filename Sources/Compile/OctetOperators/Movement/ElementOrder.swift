import OctetGraph
import OctetKernels
package import OctetTensor

/// The elements of a source under other axes: the index along each axis is a number whose digits, outermost first, step
/// through the source.
///
///     source element of (i₀, i₁, …) = Σ digits of all iₐ · their strides
///
/// Transposing permutes the axes, reshaping deals the digits out anew; nothing is computed per element.
package struct ElementOrder {
  private struct Digit {
    var extent: Int
    /// Row-major elements of the source from one value of the digit to the next.
    var stride: Int
  }

  private let source: Shape
  private var axes: [[Digit]]

  /// The source as it is.
  package init(_ source: Shape) {
    self.source = source
    axes = zip(source.extents, source.strides).map { [Digit(extent: $0, stride: $1)] }
  }

  /// Axis k becomes what axis `order[k]` was.
  package mutating func transpose(_ order: [Int]) { axes = order.map { axes[$0] } }

  /// The same elements under another shape; false when a digit would have to be cut where it cannot be.
  package mutating func reshape(to shape: Shape) -> Bool {
    var digits = Self.merged(axes.flatMap(\.self))
    var reshaped: [[Digit]] = []
    for extent in shape.extents.reversed() {
      guard let taken = Self.take(extent, from: &digits) else { return false }
      reshaped.append(taken)
    }
    axes = reshaped.reversed()
    return digits.isEmpty
  }

  /// Neighbours that together are one digit become one; those of extent 1 say nothing.
  private static func merged(_ digits: [Digit]) -> [Digit] {
    var merged: [Digit] = []
    for digit in digits where digit.extent != 1 {
      if let outer = merged.last, outer.stride == digit.stride * digit.extent {
        merged[merged.count - 1] = Digit(extent: outer.extent * digit.extent, stride: digit.stride)
      } else {
        merged.append(digit)
      }
    }
    return merged
  }

  /// Digits from the inner end whose extents make up `extent`; the last may be cut in two.
  private static func take(_ extent: Int, from digits: inout [Digit]) -> [Digit]? {
    var left = extent
    var taken: [Digit] = []
    while left > 1 {
      guard let digit = digits.popLast() else { return nil }
      if left % digit.extent == 0 {
        taken.append(digit)
        left /= digit.extent
      } else if digit.extent % left == 0 {
        taken.append(Digit(extent: left, stride: digit.stride))
        digits.append(Digit(extent: digit.extent / left, stride: digit.stride * left))
        left = 1
      } else {
        return nil
      }
    }
    return taken.reversed()
  }

  /// The moves from the source in one place to the elements in another; nil when a digit spans axes of the source that
  /// memory has apart.
  func moves(from source: TensorView, to destination: TensorView) -> [Reorder.Axis]? {
    let size = source.elementType.bitWidth / 8
    let runs = Self.runs(of: source)
    var moves: [Reorder.Axis] = []
    for (digits, stride) in zip(axes, destination.memoryStrides) {
      var stride = stride
      for digit in digits.reversed() {
        guard let pieces = Self.pieces(digit, runs) else { return nil }
        for piece in pieces {
          moves.append(
            Reorder.Axis(
              extent: piece.extent, sourceStride: piece.stride * size, destinationStride: stride * size))
          stride *= piece.extent
        }
      }
    }
    return moves
  }

  /// Row-major elements that memory has at one distance from each other.
  private struct Run {
    var extent: Int
    let stride: Int
    let memoryStride: Int
    var end: Int { stride * extent }
  }

  /// The axes of the source, innermost first; those that run on into each other in memory too are one.
  private static func runs(of source: TensorView) -> [Run] {
    let strides = source.shape.strides, memoryStrides = source.memoryStrides
    var runs: [Run] = []
    for axis in source.shape.extents.indices.reversed() where source.shape[axis] > 1 {
      if let inner = runs.last, memoryStrides[axis] == inner.memoryStride * inner.extent {
        runs[runs.count - 1].extent *= source.shape[axis]
      } else {
        runs.append(Run(extent: source.shape[axis], stride: strides[axis], memoryStride: memoryStrides[axis]))
      }
    }
    return runs
  }

  /// A digit by the runs that it goes through, innermost first, with strides in memory.
  private static func pieces(_ digit: Digit, _ runs: [Run]) -> [Digit]? {
    var pieces: [Digit] = []
    var rest = digit
    while rest.extent > 1 {
      guard let run = runs.first(where: { $0.stride <= rest.stride && rest.stride < $0.end }),
        rest.stride % run.stride == 0
      else { return nil }
      let stride = rest.stride / run.stride * run.memoryStride
      if rest.extent * rest.stride <= run.end {
        pieces.append(Digit(extent: rest.extent, stride: stride))
        return pieces
      }
      let extent = run.end / rest.stride
      guard extent * rest.stride == run.end, rest.extent % extent == 0 else { return nil }
      pieces.append(Digit(extent: extent, stride: stride))
      rest = Digit(extent: rest.extent / extent, stride: run.end)
    }
    return pieces
  }
}

extension TensorView {
  /// Elements in memory from one index of each axis to the next.
  var memoryStrides: [Int] {
    guard layout == .channelsLast, shape.rank > 1 else { return shape.strides }
    var strides = shape.strides
    var stride = pixelStride
    for axis in ([0] + Array(2..<shape.rank)).reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    strides[1] = 1
    return strides
  }
}
