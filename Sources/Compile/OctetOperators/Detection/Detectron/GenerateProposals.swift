package import OctetGraph
package import OctetTensor

/// Proposals of several images  (opset9).
///
/// Operands: height, width and scales of each image [N, 3 or 4], anchors [H, W, A, 4], offsets [N, 4·A, H, W] and scores
/// [N, A, H, W]. Results: corners [rows, 4], scores [rows] and how many rows each image has [N]; the values decide.
package struct GenerateProposals: Operator {
  package static let name = "GenerateProposals"
  package let refinement: AnchorRefinement
  package let countType: ElementType

  package init(_ refinement: AnchorRefinement, countType: ElementType) throws(OperatorError) {
    guard countType == .i64 || countType == .i32 else {
      throw .mismatch("count type of \(Self.name)", expected: "i32 or i64", found: "\(countType)")
    }
    self.refinement = refinement
    self.countType = countType
  }

  package var attributes: String { "keep \(refinement.keepLimit)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    let (images, anchors, offsets, scores) = (
      operands[0].shape, operands[1].shape, operands[2].shape, operands[3].shape
    )
    for operand in operands where !operand.elementType.isFloatingPoint {
      throw .mismatch("operands of \(Self.name)", expected: "floating point", found: "\(operand.type)")
    }
    guard images.rank == 2, images[1].accepts(3) || images[1].accepts(4), scores.rank == 4,
      images.isCompatible(with: [scores[0], images[1]]), anchors.rank == 4, offsets.rank == 4,
      anchors.isCompatible(with: [scores[2], scores[3], scores[1], 4]),
      offsets.isCompatible(with: [
        scores[0], try scores[1].map { (count) throws(OperatorError) in 4 * count }, scores[2], scores[3],
      ])
    else {
      throw .mismatch(
        "operands of \(Self.name)",
        expected: "image sizes [N, 3 or 4], anchors [H, W, A, 4], offsets [N, 4·A, H, W], scores [N, A, H, W]",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    let type = operands[3].elementType
    return [
      TensorType(type, [.dynamic, 4]), TensorType(type, [.dynamic]), TensorType(countType, [scores[0]]),
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[3].shape
    let (count, area) = (shape[1], shape.count(in: 2..<4))
    let (images, anchors) = (operands[0].doubles, operands[1].doubles)
    let (offsets, scores) = (operands[2].doubles, operands[3].doubles)
    let perImage = operands[0].shape[1]
    var found: [(box: Box, score: Double)] = []
    var counts: [Double] = []
    var budget = ComparisonBudget()
    for image in 0..<shape[0] {
      let own = try refinement.proposals(
        anchors: anchors, overlapPixel: refinement.isNormalized ? 0 : 1,
        offsets: offsets[(image * count * 4 * area)...], scores: scores[(image * count * area)...],
        count: count, area: area, height: images[image * perImage], width: images[image * perImage + 1],
        &budget)
      found += own
      counts.append(Double(own.count))
    }
    let type = operands[3].elementType
    return [
      Tensor(type, Shape(valid: [found.count, 4]), converting: found.flatMap(\.box.corners)),
      Tensor(type, Shape(valid: [found.count]), converting: found.map(\.score)),
      Tensor(countType, Shape(valid: [shape[0]]), converting: counts),
    ]
  }
}
