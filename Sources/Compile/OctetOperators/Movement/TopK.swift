package import OctetGraph
package import OctetTensor

/// The k largest or smallest elements along one axis, and where they are; operands x and k  (opset1, opset3, opset11).
///
/// Of equal elements the first comes first. NaN is never among the first.
package struct TopK: Operator {
  package enum Mode: String, CaseIterable, Sendable {
    case max, min
  }

  package enum Order: String, CaseIterable, Sendable {
    case value, index
    case unsorted = "none"
  }

  package static let name = "TopK"
  package let axis: Int
  package let mode: Mode
  package let order: Order
  package let indexType: ElementType

  package init(axis: Int, mode: Mode, order: Order, indexType: ElementType) throws(OperatorError) {
    guard indexType == .i64 || indexType == .i32 else {
      throw .mismatch("index type of TopK", expected: "i32 or i64", found: "\(indexType)")
    }
    self.axis = axis
    self.mode = mode
    self.order = order
    self.indexType = indexType
  }

  package var attributes: String { "axis \(axis) \(mode.rawValue) by \(order.rawValue)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let axis = try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
    var dimensions = operands[0].shape.dimensions
    if operands[1].constant == nil {
      dimensions[axis] = .dynamic
    } else {
      let count = try operands.requiredInteger(at: 1, "k of TopK")
      guard count >= 0, count <= dimensions[axis].fixedExtent ?? Shape.maximumElementCount else {
        throw .mismatch("k of TopK", expected: "0 to the extent \(dimensions[axis])", found: "\(count)")
      }
      dimensions[axis] = .fixed(count)
    }
    let shape = PartialShape(dimensions)
    return [operands[0].type.with(shape: shape), TensorType(indexType, shape)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let axis = try Axis.normalized(axis, rank: source.rank, of: Self.name)
    let inner = source.count(in: axis + 1..<source.rank)
    let x = operands[0].doubles
    var sources = [Int](repeating: 0, count: shape.elementCount)
    var positions = [Double](repeating: 0, count: shape.elementCount)
    for outer in 0..<source.count(in: 0..<axis) {
      for column in 0..<inner {
        func element(_ position: Int) -> Int { (outer * source[axis] + position) * inner + column }
        var best = (0..<source[axis]).sorted { precedes(x[element($0)], $0, x[element($1)], $1) }.prefix(shape[axis])
        if order == .index { best.sort() }
        for (rank, position) in best.enumerated() {
          let place = (outer * shape[axis] + rank) * inner + column
          sources[place] = element(position)
          positions[place] = Double(position)
        }
      }
    }
    return [operands[0].gathering(sources, shape: shape), Tensor(indexType, shape, converting: positions)]
  }

  private func precedes(_ a: Double, _ aPosition: Int, _ b: Double, _ bPosition: Int) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? aPosition < bPosition : b.isNaN }
    if a == b { return aPosition < bPosition }
    return mode == .max ? a > b : a < b
  }

  /// A positive scale keeps the order.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard let dequantization = incoming[0], dequantization.isPerTensor, dequantization.scales[0] > 0 else { return nil }
    return [dequantization, nil]
  }
}
