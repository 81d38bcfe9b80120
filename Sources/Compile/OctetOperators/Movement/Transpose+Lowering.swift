package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Transpose {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let order = try order(site.operands)
    let shape = try site.shape(ofOperand: 0)
    guard shape.rank <= 8, site.operands[0].elementType.isByteAddressable else { return ReferencePrimitive(self, site) }
    let channelsToBack = [0] + Array(2..<max(shape.rank, 2)) + [1]
    let channelsToFront = [0, shape.rank - 1] + Array(1..<max(shape.rank - 1, 1))
    // Moving the channels to the back changes the logical order into the one that channels-last memory has already.
    if shape.rank > 2, order == channelsToBack, site.preferredLayout(ofOperand: 0) == .channelsLast {
      _ = try site.operand(0, .channelsLast, dense: true)
      _ = try site.result(0, .planar)
      return Alias()
    }
    if shape.rank > 2, order == channelsToFront {
      _ = try site.operand(0, .planar, dense: true)
      guard !site.isModelOutput(0), try site.result(0, .channelsLast).isDense else {
        return try reorder(site, shape, order)
      }
      return Alias()
    }
    return try reorder(site, shape, order)
  }

  private func reorder(_ site: LoweringSite, _ shape: Shape, _ order: [Int]) throws(OperatorError) -> any Primitive {
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    let elementSize = site.operands[0].elementType.bitWidth / 8
    return ReorderPrimitive(Reorder(transposing: shape.extents, by: order, elementSize: elementSize, cpu: site.cpu))
  }
}
