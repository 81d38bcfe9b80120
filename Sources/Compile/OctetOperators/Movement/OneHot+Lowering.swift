package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension OneHot {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let indexType = site.operands[0].elementType
    guard [.i32, .i64].contains(indexType), let indices = ScalarType(indexType),
      site.results[0].elementType.isByteAddressable
    else { return ReferencePrimitive(self, site) }
    for operand in [0, 2, 3] { _ = try site.operand(operand, .planar, dense: true) }
    let shape = try site.result(0, .planar).shape
    let axis = try Axis.normalized(axis, rank: shape.rank, of: Self.name)
    return OneHotPrimitive(
      indices: indices, depth: shape[axis], inner: shape.count(in: axis + 1..<shape.rank),
      count: try site.shape(ofOperand: 0).elementCount, elementSize: site.results[0].elementType.bitWidth / 8,
      countsFromEnd: countsFromEnd)
  }
}

private struct OneHotPrimitive: Primitive {
  let indices: ScalarType
  let depth: Int
  let inner: Int
  let count: Int
  let elementSize: Int
  let countsFromEnd: Bool

  var kernelName: String { "one_hot" }

  func execute(_ step: borrowing StepBuffers) {
    let (given, on, off, result) = (step.operand(0), step.operand(2), step.operand(3), step.result(0))
    for place in 0..<count * depth {
      (result + place * elementSize).copyMemory(from: off, byteCount: elementSize)
    }
    for position in 0..<count {
      var index = indices.loadInteger(given, position)
      // An index near the least integer stays negative: the depth is far below the largest.
      if countsFromEnd, index < 0 { index += Int64(depth) }
      guard index >= 0, index < depth else { continue }
      let place = (position / inner * depth + Int(index)) * inner + position % inner
      (result + place * elementSize).copyMemory(from: on, byteCount: elementSize)
    }
  }
}
