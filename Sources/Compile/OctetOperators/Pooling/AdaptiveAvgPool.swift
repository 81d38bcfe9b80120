package import OctetGraph
package import OctetTensor

/// Means over windows that divide the image into a given number of results; operands x and their number  (opset8).
package struct AdaptiveAvgPool: Operator {
  package static let name = "AdaptiveAvgPool"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    [operands[0].type.with(shape: try AdaptivePooling.resultShape(operands, of: Self.name))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let windows = AdaptivePooling.windows(source.extents[2...], shape.extents[2...])
    let area = source.count(in: 2..<source.rank)
    let x = operands[0].doubles
    let means = (0..<source.count(in: 0..<2)).flatMap { image in
      windows.map { window in window.reduce(0) { $0 + x[image * area + $1] } / Double(window.count) }
    }
    return [Tensor(operands[0].elementType, shape, converting: means)]
  }
}
