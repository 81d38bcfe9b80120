package import OctetGraph
package import OctetTensor

/// Maxima over windows that divide the image into a given number of results, and where in the image they are  (opset8).
package struct AdaptiveMaxPool: Operator {
  package static let name = "AdaptiveMaxPool"
  package let indexType: ElementType

  package init(indexType: ElementType) throws(OperatorError) {
    guard indexType == .i64 || indexType == .i32 else {
      throw .mismatch("index type of \(Self.name)", expected: "i32 or i64", found: "\(indexType)")
    }
    self.indexType = indexType
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let shape = try AdaptivePooling.resultShape(operands, of: Self.name)
    return [operands[0].type.with(shape: shape), TensorType(indexType, shape)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let windows = AdaptivePooling.windows(source.extents[2...], shape.extents[2...])
    let area = source.count(in: 2..<source.rank)
    let x = operands[0].doubles
    var places: [Int] = []
    var sources: [Int] = []
    for image in 0..<source.count(in: 0..<2) {
      for window in windows {
        // Of equal ones the first.
        let best = window.dropFirst().reduce(window[0]) { x[image * area + $1] > x[image * area + $0] ? $1 : $0 }
        places.append(best)
        sources.append(image * area + best)
      }
    }
    return [
      operands[0].gathering(sources, shape: shape), Tensor(indexType, shape, converting: places.map(Double.init)),
    ]
  }
}
