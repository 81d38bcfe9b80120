package import OctetGraph
package import OctetTensor

/// Joins tensors along one axis  (opset1).
package struct Concat: Operator {
  package static let name = "Concat"
  package let axis: Int

  package init(axis: Int) { self.axis = axis }

  package var attributes: String { "axis \(axis)" }

  /// The axis from the front, for tensors of this rank.
  package func axis(forRank rank: Int) throws(OperatorError) -> Int {
    try Axis.normalized(axis, rank: rank, of: Self.name)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard let first = operands.first else { throw .mismatch("operands of Concat", expected: "at least 1", found: "0") }
    let axis = try axis(forRank: first.shape.rank)
    var dimensions = first.shape.dimensions
    for operand in operands.dropFirst() {
      guard operand.elementType == first.elementType, operand.shape.rank == first.shape.rank else {
        throw .mismatch("operands of Concat", expected: "\(first.type) but for axis \(axis)", found: "\(operand.type)")
      }
      for index in dimensions.indices {
        let (own, other) = (dimensions[index], operand.shape[index])
        if index == axis {
          dimensions[index] = Self.sum(own, other)
        } else if let fixed = own.fixedExtent {
          guard other.accepts(fixed) else {
            throw .mismatch(
              "operands of Concat", expected: "\(first.type) but for axis \(axis)", found: "\(operand.type)")
          }
        } else {
          dimensions[index] = other
        }
      }
    }
    return [TensorType(first.elementType, PartialShape(dimensions))]
  }

  private static func sum(_ a: Dimension, _ b: Dimension) -> Dimension {
    guard let a = a.fixedExtent, let b = b.fixedExtent else { return .dynamic }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .dynamic : .fixed(sum)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let type = try resultTypes(operands.map { Operand(type: $0.type) })[0]
    guard let shape = type.shape.fixed else { throw OperatorError("the result has no fixed shape") }
    let axis = try axis(forRank: shape.rank)
    let width = type.elementType.bitWidth / 8
    let outer = shape.count(in: 0..<axis)
    var result = Tensor(type.elementType, shape)
    let rowLength = shape.count(in: axis..<shape.rank) * width
    result.withUnsafeMutableBytes { destination in
      var offset = 0
      for operand in operands {
        let length = operand.shape.count(in: axis..<shape.rank) * width
        operand.withUnsafeBytes { source in
          for row in 0..<outer {
            let target = UnsafeMutableRawBufferPointer(rebasing: destination[(row * rowLength + offset)...])
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * length..<(row + 1) * length]))
          }
        }
        offset += length
      }
    }
    return [result]
  }

  /// Equal dequantizations pass. Different ones become one per channel when channels are what is joined: nothing is
  /// brought to a common grid.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    var known: [Dequantization] = []
    for dequantization in incoming {
      guard let dequantization else { return nil }
      known.append(dequantization)
    }
    guard let first = known.first, let axis = try? axis(forRank: operands[0].shape.rank) else { return nil }
    if known.allSatisfy({ $0 == first }), first.isPerTensor || !first.axes.contains(axis) { return [first] }
    guard axis == 1, known.allSatisfy({ $0.isPerTensor || $0.axes == 1..<2 }) else { return nil }
    var scales: [Double] = []
    var zeroPoints: [Double] = []
    for (dequantization, operand) in zip(known, operands) {
      guard let channels = operand.shape[1].fixedExtent else { return nil }
      scales += dequantization.expandedScales(channels)
      zeroPoints += dequantization.expandedZeroPoints(channels)
    }
    return scales.isEmpty ? nil : [Dequantization(scales: scales, zeroPoints: zeroPoints)]
  }
}
