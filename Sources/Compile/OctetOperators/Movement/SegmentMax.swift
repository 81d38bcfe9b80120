package import OctetGraph
package import OctetTensor

/// y[s, …] = max over i with segments[i] = s of x[i, …]  (opset16).
///
/// Operands: x [I, …], the segment of each of its rows [I], ascending, and optionally how many segments there are, which
/// else the last one tells. Segments without rows get 0 or the least value of the type.
package struct SegmentMax: Operator {
  package enum Filling: String, CaseIterable, Sendable {
    case zero, lowest
  }

  package static let name = "SegmentMax"
  package let filling: Filling

  package init(filling: Filling) { self.filling = filling }

  package var attributes: String { filling.rawValue }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...3, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    guard operands[0].shape.rank > 0, operands[0].elementType != .boolean, operands[1].shape.rank == 1,
      operands[1].shape.isCompatible(with: [operands[0].shape[0]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "rows and a segment for each", found: "\(operands.map(\.type))")
    }
    let count: Dimension
    if operands.count == 3 {
      count = operands.know(2) ? .fixed(try segmentCount(operands)) : .dynamic
    } else {
      count = operands.know(1) ? .fixed(try segmentCount(operands)) : .dynamic
    }
    return [operands[0].type.with(shape: PartialShape([count] + operands[0].shape.dimensions.dropFirst()))]
  }

  private func segmentCount(_ operands: [Operand]) throws(OperatorError) -> Int {
    let what = "segments of \(Self.name)"
    let count: Int
    if operands.count == 3 {
      count = try operands.requiredInteger(at: 2, what)
    } else {
      let last = try operands.requiredIntegers(at: 1, what).last ?? -1
      // One more would overflow.
      count = last < Shape.maximumElementCount ? last + 1 : -1
    }
    guard (0...Shape.maximumElementCount).contains(count) else {
      throw .mismatch(what, expected: "0 to \(Shape.maximumElementCount)", found: "\(count)")
    }
    return count
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let segments = operands[1].integers ?? [-1]
    guard segments.allSatisfy({ $0 >= 0 }), zip(segments, segments.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw .mismatch("segments of \(Self.name)", expected: "ascending ones", found: "\(segments.prefix(9))")
    }
    let x = operands[0].doubles
    let width = operands[0].shape.count(in: 1..<operands[0].shape.rank)
    var isEmpty = [Bool](repeating: true, count: shape[0])
    var values = [Double](
      repeating: filling == .zero ? 0 : operands[0].elementType.leastValue, count: shape.elementCount)
    for (row, segment) in segments.enumerated() where segment < shape[0] {
      for column in 0..<width {
        let (place, value) = (segment * width + column, x[row * width + column])
        values[place] = isEmpty[segment] ? value : max(values[place], value)
      }
      isEmpty[segment] = false
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }
}

extension ElementType {
  /// The least finite value, as near as f64 comes to it.
  fileprivate var leastValue: Double {
    switch self {
    case .f64: -Double.greatestFiniteMagnitude
    case .f32: -Double(Float.greatestFiniteMagnitude)
    case .f16: -Double(Float16.greatestFiniteMagnitude)
    case .bf16: -Double(Float(bitPattern: 0x7F7F_0000))
    case .i64: -0x1p63
    default: integerRange.map { Double($0.lowerBound) } ?? 0
    }
  }
}
