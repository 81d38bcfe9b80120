package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// x with a border along every axis; negative widths cut  (opset1, opset12).
///
///     constant:   the border is the fourth operand, by default 0
///     edge:       it repeats the first and the last element
///     reflect:    it mirrors the axis around its first and its last element
///     symmetric:  it mirrors the axis, first and last element included
///
/// Operands: x, widths in front, widths behind and, for `constant`, the value.
package struct Pad: Operator {
  package enum Mode: String, CaseIterable, Sendable {
    case constant, edge, reflect, symmetric
  }

  package static let name = "Pad"
  package let mode: Mode

  package init(mode: Mode) { self.mode = mode }

  package var attributes: String { mode.rawValue }

  package func widths(_ operands: [Operand]) throws(OperatorError) -> (begin: [Int], end: [Int]) {
    try operands.expect(3...4, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let begin = try operands.requiredIntegers(at: 1, "pads_begin of Pad")
    let end = try operands.requiredIntegers(at: 2, "pads_end of Pad")
    let rank = operands[0].shape.rank
    guard begin.count == rank, end.count == rank,
      (begin + end).allSatisfy({ $0.magnitude <= Shape.maximumElementCount })
    else {
      throw .mismatch("widths of Pad", expected: "\(rank) in front and behind", found: "\(begin) and \(end)")
    }
    return (begin, end)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard operands.know(1, 2) else {
      try operands.expect(3...4, of: Self.name)
      try operands.expectMovable(of: Self.name)
      return [operands[0].type.with(shape: .open(rank: operands[0].shape.rank))]
    }
    let (begin, end) = try widths(operands)
    if operands.count == 4 {
      // 0 is 0 in every type, which lets integers through that stand for reals with zero point 0.
      let isZero = operands[3].constant?.doubles.allSatisfy { $0 == 0 } ?? false
      guard operands[3].shape.fixed?.elementCount == 1, isZero || operands[3].elementType == operands[0].elementType
      else {
        throw .mismatch("value of Pad", expected: "one of \(operands[0].elementType)", found: "\(operands[3].type)")
      }
    }
    var dimensions: [Dimension] = []
    for (axis, dimension) in operands[0].shape.dimensions.enumerated() {
      if let extent = dimension.fixedExtent { try checkBorder(extent, max(begin[axis], end[axis]), axis) }
      dimensions.append(
        try dimension.map { (extent) throws(OperatorError) in
          try Extent.sum(extent + begin[axis], end[axis], of: Self.name)
        })
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  /// Mirrors reach only as far as the axis, and nothing can be repeated of an empty one.
  private func checkBorder(_ extent: Int, _ width: Int, _ axis: Int) throws(OperatorError) {
    let reach: Int
    switch mode {
    case .constant: return
    case .edge: reach = extent > 0 ? Int.max : 0
    case .reflect: reach = extent - 1
    case .symmetric: reach = extent
    }
    guard width <= max(reach, 0) else {
      throw .mismatch("axis \(axis) of Pad (\(mode.rawValue))", expected: "widths up to \(reach)", found: "\(width)")
    }
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    if shape.elementCount == 0 { return [Tensor(operands[0].elementType, shape)] }
    let source = operands[0].shape
    let indices = try selection(operands.known, source, shape)
    if mode != .constant { return [operands[0].selecting(indices.map { $0.compactMap { $0 } })] }
    let border = (border(operands.known) ?? Tensor(operands[0].elementType, [1])).filling(shape)
    // The part of x that is inside, and where it goes.
    let kept = indices.map { $0.compactMap { $0 } }
    let places = indices.map { own in own.indices.filter { own[$0] != nil } }
    let inside = Self.flatten(places, shape)
    return [border.replacing(inside, by: Self.flatten(kept, source), of: operands[0])]
  }

  /// For each axis, the positions of x that the result shows; nil for border.
  func selection(_ operands: [Operand], _ source: Shape, _ result: Shape) throws(OperatorError) -> [[Int?]] {
    let begin = try widths(operands).begin
    return source.extents.indices.map { axis in
      (0..<result[axis]).map { place($0 - begin[axis], source[axis]) }
    }
  }

  /// One element of the border, when it is known.
  func border(_ operands: [Operand]) -> Tensor? {
    guard operands.count == 4, mode == .constant else { return Tensor(operands[0].elementType, [1]) }
    return operands[3].constant.map { Tensor(operands[0].elementType, [1], converting: $0.doubles) }
  }

  /// The element of an axis that a position shows; nil where a constant stands.
  private func place(_ position: Int, _ extent: Int) -> Int? {
    if (0..<extent).contains(position) { return position }
    switch mode {
    case .constant: return nil
    case .edge: return position < 0 ? 0 : extent - 1
    case .reflect: return position < 0 ? -position : 2 * (extent - 1) - position
    case .symmetric: return position < 0 ? -position - 1 : 2 * extent - 1 - position
    }
  }

  /// Row-major indices of all combinations.
  private static func flatten(_ indices: [[Int]], _ shape: Shape) -> [Int] {
    zip(indices, shape.strides).reduce([0]) { bases, axis in
      bases.flatMap { base in axis.0.map { base + $0 * axis.1 } }
    }
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let (source, result) = (try site.shape(ofOperand: 0), try site.shape(ofResult: 0))
    guard AxisSelection.canSelect(from: source, to: result), let border = border(site.operands) else {
      return ReferencePrimitive(self, site)
    }
    return try AxisSelection(try selection(site.operands, source, result), border: border, site)
  }

  /// Copies pass as they are; a border of 0 does where 0 stands for 0.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard mode == .constant else { return following(incoming, operands) }
    let isZero = operands.count == 3 || operands[3].constant?.doubles.allSatisfy { $0 == 0 } ?? false
    return isZero ? following(incoming, operands, insertsZeros: true) : nil
  }
}
