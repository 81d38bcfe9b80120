package import OctetGraph
package import OctetTensor

/// The discrete Fourier transform along some axes  (DFT and IDFT of opset7, RDFT and IRDFT of opset9).
///
///     forward:  X[k] = Σ x[n] · e^(−2πi·n·k/N)
///     inverse:  x[n] = 1/N · Σ X[k] · e^(2πi·n·k/N)
///
/// Complex numbers have an axis of 2 at the end, which is not counted. Operands: x, the axes and, for each of them, the
/// length to which x is cut or extended by zeros; −1 leaves it. From real numbers only the first N/2 + 1 of the last axis
/// are results, and these give real numbers back.
package struct FourierTransform: Operator {
  package enum Kind: String, CaseIterable, Sendable {
    case complex, complexInverse
    /// From and to real numbers.
    case real, realInverse
  }

  package static let name = "FourierTransform"
  package let kind: Kind

  package init(_ kind: Kind) { self.kind = kind }

  package var attributes: String { kind.rawValue }

  private var isInverse: Bool { kind == .complexInverse || kind == .realInverse }

  /// The axes with the lengths that are given for them; nil where x decides.
  private func axes(_ operands: [Operand], rank: Int) throws(OperatorError) -> [(axis: Int, length: Int?)] {
    let axes = try Axis.normalized(operands.requiredIntegers(at: 1, "axes of \(Self.name)"), rank: rank, of: Self.name)
    let lengths =
      try operands.count > 2
      ? operands.requiredIntegers(at: 2, "lengths of \(Self.name)") : [Int](repeating: -1, count: axes.count)
    guard !axes.isEmpty, Set(axes).count == axes.count, lengths.count == axes.count,
      lengths.allSatisfy({ $0 == -1 || (1...Shape.maximumElementCount).contains($0) })
    else {
      throw .mismatch(
        "axes of \(Self.name)", expected: "different ones, and a length or −1 for each", found: "\(axes) and \(lengths)"
      )
    }
    return zip(axes, lengths).map { ($0, $1 == -1 ? nil : $1) }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...3, of: Self.name)
    let x = operands[0]
    guard x.elementType.isFloatingPoint, x.shape.rank >= (kind == .real ? 1 : 2),
      kind == .real || x.shape.dimensions.last?.accepts(2) == true
    else {
      let expected = kind == .real ? "real numbers" : "complex numbers, a last axis of 2"
      throw .mismatch("operand of \(Self.name)", expected: expected, found: "\(x.type)")
    }
    var dimensions = x.shape.dimensions
    if kind != .real { dimensions.removeLast() }
    if operands.know(1, 2) {
      let axes = try axes(operands, rank: dimensions.count)
      for (index, (axis, length)) in axes.enumerated() {
        let isLast = index == axes.count - 1
        dimensions[axis] = try (length.map(Dimension.fixed) ?? dimensions[axis]).map { (extent) throws(OperatorError) in
          switch kind {
          case .real where isLast: return extent / 2 + 1
          case .realInverse where isLast && length == nil: return try Extent.product(2, extent - 1, of: Self.name)
          default: return extent
          }
        }
      }
    } else {
      dimensions = [Dimension](repeating: .dynamic, count: dimensions.count)
    }
    return [x.type.with(shape: PartialShape(kind == .realInverse ? dimensions : dimensions + [2]))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let known = operands.known
    var extents = operands[0].shape.extents
    let numbers = operands[0].doubles
    var values: [Spectrum.Complex]
    if kind == .real {
      values = numbers.map { Spectrum.Complex($0, 0) }
    } else {
      extents.removeLast()
      values = (0..<numbers.count / 2).map { Spectrum.Complex(numbers[2 * $0], numbers[2 * $0 + 1]) }
    }
    let axes = try axes(known, rank: extents.count)
    for (index, (axis, length)) in axes.enumerated() {
      let isLast = index == axes.count - 1
      let last = kind == .realInverse && isLast ? shape[axis] : length ?? extents[axis]
      let kept = kind == .real && isLast ? last / 2 + 1 : last
      let spectrum = try Spectrum(length: last, isInverse: isInverse)
      values = Self.lines(values, extents, axis, resultLength: kept) { line in
        let resized =
          kind == .realInverse && isLast ? Self.completed(line, last) : Self.resized(line, last)
        let transformed = spectrum.transformed(resized)
        return isInverse ? transformed.map { $0 / Double(last) } : transformed
      }
      extents[axis] = kept
    }
    let result = kind == .realInverse ? values.map(\.x) : values.flatMap { [$0.x, $0.y] }
    return [Tensor(operands[0].elementType, shape, converting: result)]
  }

  private static func resized(_ line: [Spectrum.Complex], _ length: Int) -> [Spectrum.Complex] {
    Array(line.prefix(length)) + [Spectrum.Complex](repeating: .zero, count: max(0, length - line.count))
  }

  /// The spectrum of real numbers from its first half: X[N − k] is the conjugate of X[k].
  private static func completed(_ line: [Spectrum.Complex], _ length: Int) -> [Spectrum.Complex] {
    let half = resized(line, length / 2 + 1)
    return (0..<length).map { k in
      k < half.count ? half[k] : Spectrum.Complex(half[length - k].x, -half[length - k].y)
    }
  }

  /// Every line of elements along an axis becomes another.
  private static func lines(
    _ values: [Spectrum.Complex], _ extents: [Int], _ axis: Int, resultLength: Int,
    _ change: ([Spectrum.Complex]) -> [Spectrum.Complex]
  ) -> [Spectrum.Complex] {
    let outer = extents[..<axis].reduce(1, *)
    let inner = extents[(axis + 1)...].reduce(1, *)
    var result = [Spectrum.Complex](repeating: .zero, count: outer * resultLength * inner)
    for row in 0..<outer {
      for column in 0..<inner {
        let line = (0..<extents[axis]).map { values[(row * extents[axis] + $0) * inner + column] }
        for (index, value) in change(line).prefix(resultLength).enumerated() {
          result[(row * resultLength + index) * inner + column] = value
        }
      }
    }
    return result
  }
}
