package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

/// An operator whose results consist of elements of operand 0, at places that the other operands decide.
///
/// Its meaning tells the kernel: `evaluate` on the numbers of the elements instead of the elements says where each
/// comes from. Where these numbers follow strides, a Reorder moves the elements.
package protocol Movement: Operator {}

extension Movement {
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    following(incoming, operands)
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try reordering(site) ?? ReferencePrimitive(self, site)
  }

  /// The same for operators whose axes each show some of their positions.
  func lowerSelection(
    _ site: LoweringSite, _ indices: ([Operand], Shape) throws(OperatorError) -> [[Int]]
  ) throws(OperatorError) -> any Primitive {
    if let movement = try reordering(site) { return movement }
    let (source, result) = (try site.shape(ofOperand: 0), try site.shape(ofResult: 0))
    guard site.operands[0].elementType.isByteAddressable, AxisSelection.canSelect(from: source, to: result) else {
      return ReferencePrimitive(self, site)
    }
    return try AxisSelection(try indices(site.operands, source), border: nil, site)
  }

  /// A kernel, where the places of all elements are known and follow strides.
  func reordering(_ site: LoweringSite) throws(OperatorError) -> (any Primitive)? {
    let type = site.operands[0].elementType
    let shape = try site.shape(ofOperand: 0)
    guard type.isByteAddressable, let origins = origins(site, shape) else { return nil }

    let layout = layout(site)
    let source = MemoryOrder(try site.operand(0, layout))
    let size = type.bitWidth / 8
    if layout == .channelsLast, let offsets = try channelOffsets(site, source, origins) {
      for (index, offset) in offsets.enumerated() {
        try site.view(index, pixelStride: source.view.pixelStride, byteOffset: offset * size)
      }
      return Alias()
    }
    var parts: [MovementPrimitive.Part] = []
    for (index, origins) in origins.enumerated() {
      let destination = MemoryOrder(try site.result(index, layout))
      let order = destination.indices
      let offsets = order.map { source.offset(of: origins[$0]) }
      guard let axes = StridedAxes(from: offsets, to: order.map(destination.offset)) else { return nil }
      let kernel = Reorder(axes.reorderAxes(elementSize: size), elementSize: size, cpu: site.cpu)
      parts.append(MovementPrimitive.Part(kernel: kernel, sourceOffset: offsets[0] * size))
    }
    return MovementPrimitive(parts: parts)
  }

  /// For each result, which element of operand 0 each of its elements is; nil when that depends on more than shapes
  /// and constants, or some come from elsewhere.
  private func origins(_ site: LoweringSite, _ shape: Shape) -> [[Int]]? {
    // A plan holds a few numbers per element while it is made.
    let largest = 1 << 22
    guard (1...largest).contains(shape.elementCount),
      site.results.allSatisfy({ (1...largest).contains($0.shape.fixed?.elementCount ?? 0) })
    else { return nil }
    // From 1 on: zeros are no element's number.
    let numbers = Tensor(.i64, shape, elements: (1...shape.elementCount).map(Int64.init))
    let others = site.operands.dropFirst().compactMap(\.constant)
    guard others.count == site.operands.count - 1, let results = try? evaluate([numbers] + others) else { return nil }
    let origins = results.map { $0.elements(as: Int64.self).map { Int($0) - 1 } }
    return origins.contains { $0.contains(-1) } ? nil : origins
  }

  /// Where every result is a run of channels of the operand: which one starts it.
  private func channelOffsets(
    _ site: LoweringSite, _ source: MemoryOrder, _ origins: [[Int]]
  ) throws(OperatorError) -> [Int]? {
    var starts: [Int] = []
    for (index, origins) in origins.enumerated() {
      let shape = try site.shape(ofResult: index)
      let view = MemoryOrder(
        TensorView(source.view.elementType, shape, .channelsLast, pixelStride: source.view.pixelStride))
      let start = source.offset(of: origins[0])
      guard origins.indices.allSatisfy({ source.offset(of: origins[$0]) == start + view.offset(of: $0) }) else {
        return nil
      }
      starts.append(start)
    }
    return starts
  }

  /// Channels last where the operand is at hand so and every result can be.
  private func layout(_ site: LoweringSite) -> Layout {
    let ranks = [site.operands[0].shape.rank] + site.results.map(\.shape.rank)
    let isModelOutput = site.results.indices.contains { site.isModelOutput($0) }
    guard site.preferredLayout(ofOperand: 0) == .channelsLast, !isModelOutput, ranks.allSatisfy({ $0 > 2 }) else {
      return .planar
    }
    return .channelsLast
  }
}

/// Moves elements of operand 0 to every result.
private struct MovementPrimitive: Primitive {
  struct Part {
    let kernel: Reorder
    /// Bytes to the element that comes first.
    let sourceOffset: Int
  }

  let parts: [Part]

  var kernelName: String { parts[0].kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    for (index, part) in parts.enumerated() {
      part.kernel.run(step.operand(0) + part.sourceOffset, into: step.result(index), team: step.team)
    }
  }
}

/// The elements of a tensor as they stand in memory.
private struct MemoryOrder {
  let view: TensorView
  /// Elements of one channel of one image.
  private let inner: Int

  init(_ view: TensorView) {
    self.view = view
    inner = view.layout == .channelsLast ? view.shape.count(in: 2..<view.shape.rank) : 1
  }

  /// Row-major indices in the order of memory.
  var indices: [Int] {
    guard view.layout == .channelsLast else { return Array(0..<view.shape.elementCount) }
    let (batch, channels) = (view.shape[0], view.shape[1])
    return (0..<batch * inner).flatMap { pixel in
      (0..<channels).map { (pixel / inner * channels + $0) * inner + pixel % inner }
    }
  }

  /// Elements from the first to the one with this row-major index.
  func offset(of index: Int) -> Int {
    guard view.layout == .channelsLast else { return index }
    let (row, place) = index.quotientAndRemainder(dividingBy: inner)
    let (image, channel) = row.quotientAndRemainder(dividingBy: view.shape[1])
    return (image * inner + place) * view.pixelStride + channel
  }
}
