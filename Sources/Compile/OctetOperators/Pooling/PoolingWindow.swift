package import OctetGraph
package import OctetTensor

/// A kernel over the spatial axes, channels apart: what MaxPool and AvgPool share.
package struct PoolingWindow: Hashable, Sendable {
  package let kernel: [Int]
  package let window: SpatialWindow

  package init(kernel: [Int], window: SpatialWindow) throws(OperatorError) {
    guard kernel.count == window.rank, kernel.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else {
      throw .mismatch("kernel of pooling", expected: "\(window.rank) extents of 1 or more", found: "\(kernel)")
    }
    self.kernel = kernel
    self.window = window
  }

  package var description: String { window.description(kernel: kernel) }

  package func resultShape(_ source: PartialShape, of name: String) throws(OperatorError) -> PartialShape {
    let spatial = try window.spatial(of: source, name)
    return PartialShape([source[0], source[1]] + (try window.outputDimensions(input: spatial, kernel: kernel)))
  }

  func taps(source: Shape, result: Shape) -> WindowTaps {
    WindowTaps(window, input: Array(source.extents[2...]), kernel: kernel, output: Array(result.extents[2...]))
  }
}
