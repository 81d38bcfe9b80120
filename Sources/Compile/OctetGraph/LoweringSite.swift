package import OctetKernels
package import OctetTensor

/// How a tensor stands in memory.
package struct TensorView: Sendable, Hashable {
  package let elementType: ElementType
  package let shape: Shape
  package let layout: Layout
  /// Elements from one pixel to the next when channels are last; more than the channels for a part of a concatenation.
  package let pixelStride: Int

  package init(_ elementType: ElementType, _ shape: Shape, _ layout: Layout, pixelStride: Int? = nil) {
    self.elementType = elementType
    self.shape = shape
    self.layout = layout
    self.pixelStride = pixelStride ?? (shape.rank > 1 ? shape[1] : 1)
  }

  /// Whether the elements follow each other without gaps.
  package var isDense: Bool { layout == .planar || shape.rank < 2 || pixelStride == shape[1] }
  package var channels: Int { shape.rank > 1 ? shape[1] : 1 }
  /// Pixels of all images: the product of every extent but the channels.
  package var pixelCount: Int { shape.rank > 1 && shape[1] > 0 ? shape.elementCount / shape[1] : shape.elementCount }
}

/// Where an operator is lowered: its operands and results with concrete shapes, and the machine.
///
/// An operator asks for operands in the layout that its kernel reads and says in which layout it writes; the planner
/// inserts the changes of layout in between.
package final class LoweringSite {
  package let operands: [Operand]
  package let results: [TensorType]
  package let cpu: CPU
  package let weights: PackedWeightsCache

  /// The layouts in which each operand is at hand, the cheapest first.
  private let available: [[TensorView]]
  private let resultPixelStrides: [Int?]
  /// Results that leave the model: they must end up planar.
  private let modelOutputs: Set<Int>
  package private(set) var requestedOperands: [Int: TensorView] = [:]
  package private(set) var declaredResults: [Int: TensorView] = [:]
  /// Results that are channels of operand 0 where it stands: bytes from its first element to theirs.
  package private(set) var viewOffsets: [Int: Int] = [:]

  package init(
    operands: [Operand], results: [TensorType], available: [[TensorView]], resultPixelStrides: [Int?],
    modelOutputs: Set<Int>, cpu: CPU, weights: PackedWeightsCache
  ) {
    self.operands = operands
    self.results = results
    self.available = available
    self.resultPixelStrides = resultPixelStrides
    self.modelOutputs = modelOutputs
    self.cpu = cpu
    self.weights = weights
  }

  package func shape(ofOperand index: Int) throws(OperatorError) -> Shape {
    guard let shape = operands[index].shape.fixed else {
      throw OperatorError("operand \(index) has no fixed shape \(operands[index].shape)")
    }
    return shape
  }

  package func shape(ofResult index: Int) throws(OperatorError) -> Shape {
    guard let shape = results[index].shape.fixed else {
      throw OperatorError("result \(index) has no fixed shape \(results[index].shape)")
    }
    return shape
  }

  /// The layout in which an operand is at hand without work.
  package func preferredLayout(ofOperand index: Int) -> Layout { available[index].first?.layout ?? .planar }

  package func isModelOutput(_ result: Int) -> Bool { modelOutputs.contains(result) }

  /// The operand, in the layout that the kernel reads. Constants are planar.
  ///
  /// - Parameter dense: refuse a part of a concatenation; the planner copies it.
  package func operand(_ index: Int, _ layout: Layout, dense: Bool = false) throws(OperatorError) -> TensorView {
    let shape = try shape(ofOperand: index)
    // Both layouts may be the same bytes, but not inside a concatenation, where every pixel has a gap behind it.
    let found = available[index].first { view in
      view.isDense ? view.layout == layout || Layout.coincide(for: shape) : view.layout == layout && !dense
    }
    let view = found ?? TensorView(operands[index].elementType, shape, layout)
    requestedOperands[index] = view
    return TensorView(view.elementType, view.shape, layout, pixelStride: view.pixelStride)
  }

  /// Says in which layout a result is written. Channels-last results may be placed inside a concatenation.
  package func result(_ index: Int, _ layout: Layout) throws(OperatorError) -> TensorView {
    let stride = layout == .channelsLast ? resultPixelStrides[index] : nil
    let view = TensorView(results[index].elementType, try shape(ofResult: index), layout, pixelStride: stride)
    declaredResults[index] = view
    return view
  }

  /// Says that a result is channels of operand 0 where they stand, `byteOffset` behind its beginning. If all results are,
  /// there is nothing to run.
  package func view(_ index: Int, pixelStride: Int, byteOffset: Int) throws(OperatorError) {
    declaredResults[index] = TensorView(
      results[index].elementType, try shape(ofResult: index), .channelsLast, pixelStride: pixelStride)
    viewOffsets[index] = byteOffset
  }
}
