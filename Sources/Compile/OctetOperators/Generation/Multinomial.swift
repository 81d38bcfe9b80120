import Glibc
package import OctetGraph
package import OctetTensor

/// Classes drawn by their probabilities  (opset13).
///
///     y[n, s] = the first class k with u[n, s] ≤ (p[n, 0] + … + p[n, k]) / Σ p[n]
///
/// u are the numbers of RandomUniform in [0, 1). Without replacement a class that was drawn has probability 0 afterwards.
/// Operands: p [N, classes] or [classes], with `readsLogarithms` their logarithms, and how many to draw.
package struct Multinomial: Operator {
  package static let name = "Multinomial"
  package let outputType: ElementType
  package let replaces: Bool
  package let readsLogarithms: Bool
  package let seeds: RandomSeeds

  package init(
    outputType: ElementType, replaces: Bool, readsLogarithms: Bool, seeds: RandomSeeds
  ) throws(OperatorError) {
    guard outputType == .i64 || outputType == .i32 else {
      throw .mismatch("convert_type of \(Self.name)", expected: "i32 or i64", found: "\(outputType)")
    }
    (self.outputType, self.replaces) = (outputType, replaces)
    (self.readsLogarithms, self.seeds) = (readsLogarithms, seeds)
  }

  package var attributes: String {
    (replaces ? "" : "without replacement ") + "seeds \(seeds.global), \(seeds.own)"
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    let shape = operands[0].shape
    guard operands[0].elementType.isFloatingPoint, (1...2).contains(shape.rank),
      operands[1].shape.fixed?.elementCount == 1
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "probabilities [N, classes] and how many to draw",
        found: "\(operands[0].type), \(operands[1].type)")
    }
    var drawn = Dimension.dynamic
    if operands.know(1) {
      let count = try operands.requiredIntegers(at: 1, "number of draws of \(Self.name)")[0]
      guard (0...Shape.maximumElementCount).contains(count) else {
        throw .mismatch("number of draws of \(Self.name)", expected: "0 or more", found: "\(count)")
      }
      drawn = .fixed(count)
    }
    return [TensorType(outputType, PartialShape(shape.dimensions.dropLast() + [drawn]))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (classes, draws) = (operands[0].shape.extents.last ?? 0, shape.extents.last ?? 0)
    let given = operands[0].doubles
    guard classes > 0, replaces || draws <= classes else {
      throw .mismatch(
        "classes of \(Self.name)", expected: "at least as many as are drawn, \(draws)", found: "\(classes)")
    }
    // Every class that is drawn changes the sums of those behind it: a request may bring millions.
    guard replaces || Double(shape.elementCount) * Double(classes) <= Self.largestWork else {
      throw .mismatch(
        "draws of \(Self.name)", expected: "at most \(Int(Self.largestWork)) comparisons without replacement",
        found: "\(shape) of \(classes) classes")
    }
    let uniforms = seeds.uniforms(shape.elementCount)
    var values: [Double] = []
    for row in 0..<shape.elementCount / max(draws, 1) {
      var distribution = Distribution(
        given[row * classes..<(row + 1) * classes].map { readsLogarithms ? exp($0) : $0 })
      for draw in 0..<draws {
        let drawn = distribution.draw(Double(uniforms[row * draws + draw]))
        if !replaces { distribution.remove(drawn) }
        values.append(Double(drawn))
      }
    }
    return [Tensor(outputType, shape, converting: values)]
  }

  private static let largestWork = 4e9

  /// Classes by the sums of their weights.
  private struct Distribution {
    private var weights: [Double]
    private var sums: [Double]

    init(_ weights: [Double]) {
      self.weights = weights
      sums = Self.sums(weights)
    }

    private static func sums(_ weights: [Double]) -> [Double] {
      var sum = 0.0
      return weights.map { weight in
        sum += weight
        return sum
      }
    }

    mutating func remove(_ index: Int) {
      weights[index] = 0
      sums = Self.sums(weights)
    }

    /// The first class whose sum reaches so far, by bisection; the last where none does.
    func draw(_ uniform: Double) -> Int {
      let wanted = uniform * (sums.last ?? 0)
      var (low, high) = (0, sums.count - 1)
      while low < high {
        let middle = (low + high) / 2
        // What is not a number is reached by nothing.
        if sums[middle] >= wanted, sums[middle] > 0 { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }
}
