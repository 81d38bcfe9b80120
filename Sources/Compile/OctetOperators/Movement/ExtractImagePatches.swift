package import OctetGraph
package import OctetTensor

/// The pixels under a moving window as channels: [N, C, H, W] → [N, h·w·C, rows, columns]  (opset3).
///
/// Channels of a result pixel go through the window row by row, with all channels of x at each place; padding is 0.
package struct ExtractImagePatches: Operator {
  package static let name = "ExtractImagePatches"
  package let kernel: [Int]
  package let window: SpatialWindow

  package init(kernel: [Int], window: SpatialWindow) throws(OperatorError) {
    guard kernel.count == 2, window.rank == 2, kernel.allSatisfy({ (1...1 << 12).contains($0) }) else {
      throw .mismatch("sizes of \(Self.name)", expected: "2 of 1 to \(1 << 12)", found: "\(kernel)")
    }
    self.kernel = kernel
    self.window = window
  }

  package var attributes: String { window.description(kernel: kernel) }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let spatial = try window.spatial(of: operands[0].shape, Self.name)
    let channels = try operands[0].shape[1].map { (extent) throws(OperatorError) in
      try Extent.product([extent] + kernel, of: Self.name)
    }
    let result = try window.outputDimensions(input: spatial, kernel: kernel)
    return [operands[0].type.with(shape: PartialShape([operands[0].shape[0], channels] + result))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let taps = WindowTaps(
      window, input: Array(source.extents[2...]), kernel: kernel, output: Array(shape.extents[2...]))
    let (area, resultArea) = (source.count(in: 2..<4), shape.count(in: 2..<4))
    var (places, sources): ([Int], [Int]) = ([], [])
    for image in 0..<source[0] {
      for tap in 0..<taps.kernelCount {
        for channel in 0..<source[1] {
          let plane = image * shape[1] + tap * source[1] + channel
          taps.forEachPosition(ofTap: tap) { output, input in
            places.append(plane * resultArea + output)
            sources.append((image * source[1] + channel) * area + input)
          }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape).replacing(places, by: sources, of: operands[0])]
  }
}
