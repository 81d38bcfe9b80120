package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Concat {
  /// Copies rows. Concatenations of channels never come here: the planner places their operands where they belong.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let y = try site.result(0, .planar)
    guard y.elementType.isByteAddressable else { return ReferencePrimitive(self, site) }
    let axis = try axis(forRank: y.shape.rank)
    let width = y.elementType.bitWidth / 8
    let rowBytes = y.shape.count(in: axis..<y.shape.rank) * width
    var parts: [ConcatPrimitive.Part] = []
    var offset = 0
    for index in site.operands.indices {
      let x = try site.operand(index, .planar, dense: true)
      let bytes = x.shape.count(in: axis..<x.shape.rank) * width
      let copy = Reorder(
        rows: x.shape.count(in: 0..<axis), bytes: bytes, sourceStride: bytes, destinationStride: rowBytes, cpu: site.cpu
      )
      parts.append(ConcatPrimitive.Part(copy: copy, offset: offset))
      offset += bytes
    }
    return ConcatPrimitive(parts: parts)
  }
}

private struct ConcatPrimitive: Primitive {
  struct Part {
    let copy: Reorder
    let offset: Int
  }

  let parts: [Part]

  var kernelName: String { parts.first?.copy.kernelName ?? "alias" }

  func execute(_ step: borrowing StepBuffers) {
    for (index, part) in parts.enumerated() {
      part.copy.run(step.operand(index), into: step.result(0) + part.offset, team: step.team)
    }
  }
}
