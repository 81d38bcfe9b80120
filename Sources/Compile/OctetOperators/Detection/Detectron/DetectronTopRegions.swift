package import OctetGraph
package import OctetTensor

/// The regions of the highest scores, best first  (ExperimentalDetectronTopKROIs, opset6).
///
/// Operands: corners [regions, 4] and scores [regions]. The result [count, 4] has zeros behind the last region.
package struct DetectronTopRegions: Operator {
  package static let name = "DetectronTopRegions"
  package let count: Int

  package init(count: Int) throws(OperatorError) {
    guard (1...1 << 20).contains(count) else {
      throw .mismatch("max_rois of \(Self.name)", expected: "1 to \(1 << 20)", found: "\(count)")
    }
    self.count = count
  }

  package var attributes: String { "count \(count)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let (regions, scores) = (operands[0], operands[1])
    guard regions.elementType.isFloatingPoint, scores.elementType == regions.elementType, regions.shape.rank == 2,
      regions.shape[1].accepts(4), scores.shape.isCompatible(with: [regions.shape[0]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "corners [regions, 4] and scores [regions]",
        found: "\(regions.type), \(scores.type)")
    }
    return [regions.type.with(shape: [.fixed(count), 4])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (corners, scores) = (operands[0].doubles, operands[1].doubles)
    let order = Suppression.bestFirst(scores.indices) { scores[$0] }
    let best = order.prefix(count).flatMap { corners[($0 * 4)...].prefix(4) }
    let values = best + [Double](repeating: 0, count: count * 4 - best.count)
    return [Tensor(operands[0].elementType, Shape(valid: [count, 4]), converting: values)]
  }
}
