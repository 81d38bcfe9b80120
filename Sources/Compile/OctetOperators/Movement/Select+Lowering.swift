package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Select {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    guard site.results[0].elementType.isByteAddressable else { return ReferencePrimitive(self, site) }
    return SelectPrimitive(walk: try BroadcastWalk(site), elementSize: site.results[0].elementType.bitWidth / 8)
  }
}

private struct SelectPrimitive: Primitive {
  let walk: BroadcastWalk
  let elementSize: Int

  var kernelName: String { "select" }

  func execute(_ step: borrowing StepBuffers) {
    let conditions = step.operand(0).assumingMemoryBound(to: UInt8.self)
    let (chosen, other, result) = (step.operand(1), step.operand(2), step.result(0))
    walk.run(step.team, bytesPerElement: elementSize) { place, condition, a, b in
      let source = conditions[condition] != 0 ? chosen + a * elementSize : other + b * elementSize
      (result + place * elementSize).copyMemory(from: source, byteCount: elementSize)
    }
  }
}
