package import OctetGraph
import OctetTensor

extension Operator {
  /// The dequantizations of results that consist of elements of operand 0: scales go where their channels go.
  ///
  /// The meaning tells where that is: `evaluate` on the numbers of the scales instead of the elements. Nil when a scale
  /// ends on an axis whose extent is open.
  ///
  /// - Parameter insertsZeros: whether zeros may stand among the elements. They must stand for 0.
  package func following(
    _ incoming: [Dequantization?], _ operands: [Operand], insertsZeros: Bool = false
  ) -> [Dequantization?]? {
    guard let dequantization = incoming[0], let types = try? resultTypes(operands) else { return nil }
    if dequantization.isPerTensor, !insertsZeros || dequantization.zeroPoints == [0] {
      return types.map { _ in dequantization }
    }
    guard let numbers = ScaleNumbers(dequantization, operands[0].shape) else { return nil }
    let others = operands.dropFirst().compactMap(\.constant)
    guard others.count == operands.count - 1, let results = try? evaluate([numbers.tensor] + others),
      results.count == types.count
    else { return nil }
    var outgoing: [Dequantization] = []
    for (result, type) in zip(results, types) {
      guard let own = numbers.dequantization(of: result, type.shape) else { return nil }
      outgoing.append(own)
    }
    return outgoing
  }
}

/// Which scale and zero point each element of a tensor has, by number.
private struct ScaleNumbers {
  /// From 1 on: 0 is for elements that come from elsewhere.
  let tensor: Tensor
  private let scales: [Double]
  private let zeroPoints: [Double]

  /// Stands for an open extent: no scale depends on one.
  private static let openExtent = 16
  private static let maximumElementCount = 1 << 22

  init?(_ dequantization: Dequantization, _ shape: PartialShape) {
    let axes = dequantization.axes
    guard axes.upperBound <= shape.rank, axes.allSatisfy({ shape[$0].fixedExtent != nil }),
      let known = Shape(shape.dimensions.map { $0.fixedExtent ?? Self.openExtent }),
      (1...Self.maximumElementCount).contains(known.elementCount)
    else { return nil }
    (scales, zeroPoints) = (dequantization.scales, dequantization.zeroPoints)
    let channels = ChannelIndex(known, axes: axes, count: scales.count)
    tensor = Tensor(.i32, known, elements: (0..<known.elementCount).map { Int32(channels[$0] + 1) })
  }

  func dequantization(of result: Tensor, _ shape: PartialShape) -> Dequantization? {
    let numbers = result.elements(as: Int32.self).map { Int($0) - 1 }
    guard !numbers.isEmpty, numbers.allSatisfy(scales.indices.contains) else { return nil }
    let varying = result.shape.extents.indices.filter { axis in isVarying(numbers, result.shape, axis) }
    guard let first = varying.first, let last = varying.last else { return picked([numbers[0]], axes: 1..<2) }
    let axes = first..<last + 1
    guard axes.allSatisfy({ shape[$0].fixedExtent == result.shape[$0] }) else { return nil }
    // What does not vary outside of the axes is seen at the front of all others.
    let inner = result.shape.count(in: axes.upperBound..<result.shape.rank)
    return picked((0..<result.shape.count(in: axes)).map { numbers[$0 * inner] }, axes: axes)
  }

  private func picked(_ numbers: [Int], axes: Range<Int>) -> Dequantization {
    Dequantization(scales: numbers.map { scales[$0] }, zeroPoints: numbers.map { zeroPoints[$0] }, axes: axes)
  }

  private func isVarying(_ numbers: [Int], _ shape: Shape, _ axis: Int) -> Bool {
    let stride = shape.strides[axis]
    return numbers.indices.contains { index in
      index / stride % shape[axis] > 0
        && (scales[numbers[index]], zeroPoints[numbers[index]])
          != (scales[numbers[index - stride]], zeroPoints[numbers[index - stride]])
    }
  }
}
