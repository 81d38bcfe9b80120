package import OctetGraph
package import OctetTensor

/// Numbers drawn evenly from [low, high), by Philox from two seeds  (opset8, aligned with TensorFlow).
///
///     f32:  u · (high − low) + low, where u has the last 23 bits drawn for its fraction
///     i32:  u mod (high − low) + low, i64 the same from 64 bits
///
/// Operands: the shape, low and high. Every inference begins anew, so that a request has one answer.
package struct RandomUniform: Operator {
  package static let name = "RandomUniform"
  package let outputType: ElementType
  package let seeds: RandomSeeds

  package init(outputType: ElementType, seeds: RandomSeeds) throws(OperatorError) {
    guard [.f32, .f64, .i32, .i64].contains(outputType) else {
      throw .mismatch("output type of \(Self.name)", expected: "f32, f64, i32 or i64", found: "\(outputType)")
    }
    (self.outputType, self.seeds) = (outputType, seeds)
  }

  package var attributes: String { "\(outputType) seeds \(seeds.global), \(seeds.own)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    try operands.expectIndices(at: 0, of: Self.name)
    for bound in operands[1...] where bound.elementType != outputType || bound.shape.fixed?.elementCount != 1 {
      throw .mismatch("bounds of \(Self.name)", expected: "single numbers of \(outputType)", found: "\(bound.type)")
    }
    let rank = try operands.valueCount(at: 0, "shape of \(Self.name)")
    guard operands.know(0) else { return [TensorType(outputType, .open(rank: rank))] }
    let extents = try operands.requiredIntegers(at: 0, "shape of \(Self.name)")
    guard let shape = Shape(extents) else {
      throw .mismatch("shape of \(Self.name)", expected: "extents of a tensor", found: "\(extents)")
    }
    return [TensorType(outputType, shape)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let count = shape.elementCount
    guard outputType.isInteger else {
      let (low, high) = (operands[1].doubles[0], operands[2].doubles[0])
      if outputType == .f64 {
        return [Tensor(.f64, shape, elements: words(count).map { Self.fraction($0) * (high - low) + low })]
      }
      let (start, width) = (Float(low), Float(high) - Float(low))
      return [Tensor(.f32, shape, elements: seeds.uniforms(count).map { $0 * width + start })]
    }
    let (low, high) = (operands[1].bitPatterns[0], operands[2].bitPatterns[0])
    guard low < high else {
      throw .mismatch("bounds of \(Self.name)", expected: "the first below the second", found: "\(low) and \(high)")
    }
    let range = UInt64(bitPattern: high &- low)
    let drawn = outputType == .i64 ? words(count).map { $0.high << 32 | $0.low } : halves(count)
    return [Tensor(outputType, shape, bitPatterns: drawn.map { low &+ Int64(bitPattern: $0 % range) })]
  }

  /// Numbers of 32 bits.
  private func halves(_ count: Int) -> [UInt64] {
    var philox = Philox(seeds)
    let fours = (0..<(count + 3) / 4).map { _ in philox.next() }
    return (0..<count).map { UInt64(fours[$0 / 4][$0 % 4]) }
  }

  /// Pairs of them, the first the low half of an integer.
  private func words(_ count: Int) -> [(low: UInt64, high: UInt64)] {
    let halves = halves(2 * count)
    return (0..<count).map { (halves[2 * $0], halves[2 * $0 + 1]) }
  }

  /// In f64 the first is the high half, of which 20 bits are used.
  private static func fraction(_ pair: (low: UInt64, high: UInt64)) -> Double {
    Double(bitPattern: 1023 << 52 | (pair.low & 0xF_FFFF) << 32 | pair.high) - 1
  }
}
