package import OctetGraph
package import OctetRuntime
import OctetTensor

// Slices that follow strides are moved as by any movement; others are copied one by one, so that a large table is read
// only where an index points.

extension Gather {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    if let movement = try reordering(site) { return movement }
    let (axis, batch) = try axes(site.operands)
    let (data, indices) = (try site.shape(ofOperand: 0), try site.shape(ofOperand: 1))
    let inner = data.count(in: axis + 1..<data.rank)
    let outer = data.count(in: batch..<axis), perBatch = indices.count(in: batch..<indices.rank)
    let slices = IndexedSlices(
      site, count: inner,
      positions: [
        (data.count(in: 0..<batch), outer * data[axis] * inner, perBatch), (outer, data[axis] * inner, 0),
        (perBatch, 0, 1),
      ], coordinates: [(data[axis], inner)], wrapsNegatives: wrapsNegatives)
    return try slices.map { slices throws(OperatorError) in try GatherPrimitive(slices, site) }
      ?? ReferencePrimitive(self, site)
  }
}

extension GatherElements {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    if let movement = try reordering(site) { return movement }
    let data = try site.shape(ofOperand: 0)
    let axis = try Axis.normalized(axis, rank: data.rank, of: Self.name)
    guard let slices = try IndexedSlices(elementsOf: site, along: axis) else { return ReferencePrimitive(self, site) }
    return try GatherPrimitive(slices, site)
  }
}

extension GatherND {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    if let movement = try reordering(site) { return movement }
    guard let slices = try IndexedSlices(windowsOf: site, batchAxes: batchAxes) else {
      return ReferencePrimitive(self, site)
    }
    return try GatherPrimitive(slices, site)
  }
}

extension IndexedSlices {
  /// Single elements: every index stands where its element does, but for one axis.
  init?(elementsOf site: LoweringSite, along axis: Int) throws(OperatorError) {
    let (data, indices) = (try site.shape(ofOperand: 0), try site.shape(ofOperand: 1))
    let positions = zip(data.strides, indices.strides).enumerated().map {
      (extent: indices[$0], stride: $0 == axis ? 0 : $1.0, indexStride: $1.1)
    }
    self.init(site, count: 1, positions: positions, coordinates: [(data[axis], data.strides[axis])])
  }

  /// Slices with coordinates, which stand along the last axis of the indices.
  init?(windowsOf site: LoweringSite, batchAxes: Int) throws(OperatorError) {
    let (data, indices) = (try site.shape(ofOperand: 0), try site.shape(ofOperand: 1))
    let length = indices[indices.rank - 1], end = batchAxes + length
    let perBatch = indices.count(in: batchAxes..<indices.rank - 1)
    self.init(
      site, count: data.count(in: end..<data.rank),
      positions: [
        (data.count(in: 0..<batchAxes), data.count(in: batchAxes..<data.rank), perBatch * length),
        (perBatch, 0, length),
      ], coordinates: (batchAxes..<end).map { (data[$0], data.strides[$0]) })
  }
}
