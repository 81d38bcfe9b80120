package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension CumSum {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    guard let type = ScalarType(site.operands[0].elementType) else { return ReferencePrimitive(self, site) }
    let shape = try site.operand(0, .planar, dense: true).shape
    _ = try site.result(0, .planar)
    let axis = try axis(site.operands)
    return CumSumPrimitive(
      type: type, outer: shape.count(in: 0..<axis), extent: shape[axis], inner: shape.count(in: axis + 1..<shape.rank),
      isExclusive: isExclusive, isReverse: isReverse)
  }
}

/// Adds up columns of [outer, extent, inner].
private struct CumSumPrimitive: Primitive {
  let type: ScalarType
  let outer: Int
  let extent: Int
  let inner: Int
  let isExclusive: Bool
  let isReverse: Bool

  var kernelName: String { "cumulative" }

  func execute(_ step: borrowing StepBuffers) {
    let (x, y) = (step.operand(0), step.result(0))
    // Moving a byte and adding cost about the same here.
    step.team.forParts(of: outer * inner, byteCount: outer * inner * extent * 8) { columns in
      for column in columns {
        let (row, place) = column.quotientAndRemainder(dividingBy: inner)
        let first = row * extent * inner + place
        if type == .f32 {
          sum(first, 0.0, +, { type.load(x, $0) }, { type.store($0, y, $1) })
        } else {
          sum(first, Int64(0), &+, { type.loadInteger(x, $0) }, { type.store($0, y, $1) })
        }
      }
    }
  }

  private func sum<Number>(
    _ first: Int, _ zero: Number, _ add: (Number, Number) -> Number, _ load: (Int) -> Number,
    _ store: (Number, Int) -> Void
  ) {
    var sum = zero
    for position in 0..<extent {
      let place = first + (isReverse ? extent - 1 - position : position) * inner
      let next = add(sum, load(place))
      store(isExclusive ? sum : next, place)
      sum = next
    }
  }
}
