package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Gather {
  /// Slices that follow strides are moved as by any movement; others are copied one by one, so that a large table is
  /// read only where an index points.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    if let movement = try reordering(site) { return movement }
    let (axis, batch) = try axes(site.operands)
    let data = try site.shape(ofOperand: 0)
    let indices = try site.shape(ofOperand: 1)
    guard let width = IndexWidth(site.operands[1].elementType) else { return ReferencePrimitive(self, site) }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.operand(1, .planar, dense: true)
    _ = try site.result(0, .planar)
    return GatherPrimitive(
      rows: data.count(in: 0..<axis), rowsPerBatch: data.count(in: batch..<axis), extent: data[axis],
      indicesPerBatch: indices.count(in: batch..<indices.rank),
      sliceBytes: data.count(in: axis + 1..<data.rank) * site.operands[0].elementType.bitWidth / 8, width: width,
      wrapsNegatives: wrapsNegatives)
  }
}

/// How indices stand in memory.
private enum IndexWidth {
  case i32, i64

  init?(_ type: ElementType) {
    switch type {
    case .i32: self = .i32
    case .i64: self = .i64
    default: return nil
    }
  }

  func load(_ base: UnsafeRawPointer, _ position: Int) -> Int {
    switch self {
    case .i32: Int(base.loadUnaligned(fromByteOffset: position * 4, as: Int32.self))
    case .i64: Int(base.loadUnaligned(fromByteOffset: position * 8, as: Int64.self))
    }
  }
}

private struct GatherPrimitive: Primitive {
  let rows: Int
  let rowsPerBatch: Int
  let extent: Int
  let indicesPerBatch: Int
  let sliceBytes: Int
  let width: IndexWidth
  let wrapsNegatives: Bool

  var kernelName: String { "gather" }

  func execute(_ step: borrowing StepBuffers) {
    let (source, indices, destination) = (step.operand(0), step.operand(1), step.result(0))
    let slices = rows * indicesPerBatch
    step.team.forParts(of: slices, byteCount: slices * sliceBytes) { copy($0, source, indices, destination) }
  }

  /// Slices of the result. An index outside the axis gives zeros.
  private func copy(
    _ slices: Range<Int>, _ source: UnsafeRawPointer, _ indices: UnsafeRawPointer,
    _ destination: UnsafeMutableRawPointer
  ) {
    for slice in slices {
      let (row, position) = slice.quotientAndRemainder(dividingBy: indicesPerBatch)
      var index = width.load(indices, row / rowsPerBatch * indicesPerBatch + position)
      // An index near the least integer stays negative: the extent is far below the largest.
      if wrapsNegatives, index < 0 { index += extent }
      let target = destination + slice * sliceBytes
      if index >= 0, index < extent {
        target.copyMemory(from: source + (row * extent + index) * sliceBytes, byteCount: sliceBytes)
      } else {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: sliceBytes)
      }
    }
  }
}
