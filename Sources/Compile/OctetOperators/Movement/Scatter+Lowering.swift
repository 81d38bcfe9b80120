package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension ScatterUpdate {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let (data, indices) = (try site.shape(ofOperand: 0), try site.shape(ofOperand: 1))
    let axis = try axis(site.operands)
    let inner = data.count(in: axis + 1..<data.rank)
    let slices = IndexedSlices(
      site, count: inner,
      positions: [(data.count(in: 0..<axis), data[axis] * inner, 0), (indices.elementCount, 0, 1)],
      coordinates: [(data[axis], inner)])
    return try ScatterPrimitive(slices, .replace, site) ?? ReferencePrimitive(self, site)
  }
}

extension ScatterElementsUpdate {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let slices = try IndexedSlices(elementsOf: site, along: try axis(site.operands))
    return try ScatterPrimitive(slices, reduction, usesInitial: usesInitial, site) ?? ReferencePrimitive(self, site)
  }
}

extension ScatterNDUpdate {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try ScatterPrimitive(try IndexedSlices(windowsOf: site, batchAxes: 0), reduction, site)
      ?? ReferencePrimitive(self, site)
  }
}

/// Copies operand 0, then the slices of operand 2, in order, to where the indices point.
private struct ScatterPrimitive: Primitive {
  private let slices: IndexedSlices
  private let reduction: ScatterReduction
  /// Nil where elements are only moved.
  private let numbers: ScalarType?
  private let usesInitial: Bool
  private let elementCount: Int

  /// Nil for types that have no kernel.
  init?(
    _ slices: IndexedSlices?, _ reduction: ScatterReduction, usesInitial: Bool = true, _ site: LoweringSite
  ) throws(OperatorError) {
    guard let slices else { return nil }
    let numbers = reduction == .replace ? nil : ScalarType(site.operands[0].elementType)
    guard reduction == .replace || numbers != nil else { return nil }
    (self.slices, self.reduction, self.numbers, self.usesInitial) = (slices, reduction, numbers, usesInitial)
    elementCount = try site.shape(ofOperand: 0).elementCount
    for operand in 0...2 { _ = try site.operand(operand, .planar, dense: true) }
    _ = try site.result(0, .planar)
  }

  var kernelName: String { "scatter" }

  /// How many values came to each element, where that matters.
  private var counts: Bool { reduction == .mean || (reduction != .replace && !usesInitial) }
  var scratchByteCount: Int { counts ? elementCount * MemoryLayout<Int32>.stride : 0 }

  func execute(_ step: borrowing StepBuffers) {
    let (updates, indices, destination) = (step.operand(2), step.operand(1), step.result(0))
    destination.copyMemory(from: step.operand(0), byteCount: elementCount * slices.elementSize)
    let seen = step.scratch.assumingMemoryBound(to: Int32.self)
    if counts { seen.update(repeating: usesInitial ? 1 : 0, count: elementCount) }
    for position in 0..<slices.positionCount {
      guard let offset = slices.offset(of: position, indices) else { continue }
      guard let numbers else {
        (destination + offset).copyMemory(from: updates + position * slices.byteCount, byteCount: slices.byteCount)
        continue
      }
      let first = offset / slices.elementSize
      for element in 0..<slices.count {
        let value = numbers.load(updates, position * slices.count + element)
        let place = first + element
        let isFirst = counts && seen[place] == 0
        numbers.store(
          isFirst ? value : reduction.combine(numbers.load(destination, place), value), destination, place)
        if counts { seen[place] &+= 1 }
      }
    }
    if let numbers, reduction == .mean { divide(numbers, destination, seen) }
  }

  private func divide(_ numbers: ScalarType, _ values: UnsafeMutableRawPointer, _ seen: UnsafePointer<Int32>) {
    for place in 0..<elementCount where seen[place] > 1 {
      let mean = numbers.load(values, place) / Double(seen[place])
      // Integer means round towards minus infinity, as OpenVINO's do.
      numbers.store(numbers == .f32 ? mean : mean.rounded(.down), values, place)
    }
  }
}
