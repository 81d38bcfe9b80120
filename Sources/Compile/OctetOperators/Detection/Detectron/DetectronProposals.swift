package import OctetGraph
package import OctetTensor

/// Proposals of one image  (ExperimentalDetectronGenerateProposalsSingleImage, opset6).
///
/// Operands: height, width and scale of the image, anchors [H·W·A, 4], offsets [4·A, H, W] and scores [A, H, W]. Results:
/// corners [kept, 4] and scores [kept], zeros behind the last.
package struct DetectronProposals: Operator {
  package static let name = "DetectronProposals"
  package let refinement: AnchorRefinement

  package init(_ refinement: AnchorRefinement) { self.refinement = refinement }

  package var attributes: String { "keep \(refinement.keepLimit)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    let (anchors, offsets, scores) = (operands[1].shape, operands[2].shape, operands[3].shape)
    for operand in operands where !operand.elementType.isFloatingPoint {
      throw .mismatch("operands of \(Self.name)", expected: "floating point", found: "\(operand.type)")
    }
    guard operands[0].shape.rank == 1, operands[0].shape[0].accepts(3), anchors.rank == 2, anchors[1].accepts(4),
      scores.rank == 3, offsets.rank == 3,
      offsets.isCompatible(with: [
        try scores[0].map { (count) throws(OperatorError) in 4 * count }, scores[1], scores[2],
      ])
    else {
      throw .mismatch(
        "operands of \(Self.name)",
        expected: "3 image sizes, anchors [H·W·A, 4], offsets [4·A, H, W], scores [A, H, W]",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    if let known = scores.fixed, !anchors[0].accepts(known.elementCount) {
      throw .mismatch("anchors of \(Self.name)", expected: "\(known.elementCount)", found: "\(anchors)")
    }
    let kept = Dimension.fixed(refinement.keepLimit)
    return [TensorType(operands[3].elementType, [kept, 4]), TensorType(operands[3].elementType, [kept])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[3].shape
    let image = operands[0].doubles
    let (offsets, scores) = (operands[2].doubles, operands[3].doubles)
    var budget = ComparisonBudget()
    let found = try refinement.proposals(
      anchors: operands[1].doubles, overlapPixel: 0, offsets: offsets[...], scores: scores[...], count: shape[0],
      area: shape.count(in: 1..<3), height: image[0], width: image[1], &budget)
    let missing = refinement.keepLimit - found.count
    let type = operands[3].elementType
    return [
      Tensor(
        type, Shape(valid: [refinement.keepLimit, 4]),
        converting: found.flatMap(\.box.corners) + [Double](repeating: 0, count: missing * 4)),
      Tensor(
        type, Shape(valid: [refinement.keepLimit]),
        converting: found.map(\.score) + [Double](repeating: 0, count: missing)),
    ]
  }
}
