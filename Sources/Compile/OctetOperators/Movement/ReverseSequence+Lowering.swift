package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension ReverseSequence {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    if let movement = try reordering(site) { return movement }
    guard let lengths = ScalarType(site.operands[1].elementType), site.operands[0].elementType.isByteAddressable else {
      return ReferencePrimitive(self, site)
    }
    let shape = try site.operand(0, .planar, dense: true).shape
    _ = try site.operand(1, .planar, dense: true)
    _ = try site.result(0, .planar)
    let (batch, sequence) = try axes(shape.rank)
    let strides = shape.strides
    let last = max(batch, sequence)
    return ReverseSequencePrimitive(
      lengths: lengths, rows: shape.count(in: 0..<last + 1), rowStride: strides[last],
      batch: (shape[batch], strides[batch]), sequence: (shape[sequence], strides[sequence]),
      elementSize: site.operands[0].elementType.bitWidth / 8)
  }
}

/// Moves rows, which are whatever stands behind both axes.
private struct ReverseSequencePrimitive: Primitive {
  let lengths: ScalarType
  let rows: Int
  let rowStride: Int
  let batch: (extent: Int, stride: Int)
  let sequence: (extent: Int, stride: Int)
  let elementSize: Int

  var kernelName: String { "reverse" }

  func execute(_ step: borrowing StepBuffers) {
    let (x, given, y) = (step.operand(0), step.operand(1), step.result(0))
    let byteCount = rowStride * elementSize
    step.team.forParts(of: rows, byteCount: rows * byteCount) { range in
      for row in range {
        let place = row * rowStride
        let position = place / sequence.stride % sequence.extent
        // Lengths may come with the request: what is longer than the axis means all of it.
        let length = max(0, min(lengths.load(given, place / batch.stride % batch.extent), Double(sequence.extent)))
        let source = position < Int(length) ? place + (Int(length) - 1 - 2 * position) * sequence.stride : place
        (y + place * elementSize).copyMemory(from: x + source * elementSize, byteCount: byteCount)
      }
    }
  }
}
