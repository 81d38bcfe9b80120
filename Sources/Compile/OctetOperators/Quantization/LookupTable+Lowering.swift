package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension LookupTable {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    LookupPrimitive(kernel: LookupU8(table, try RowLayout(elementsOf: site), cpu: site.cpu))
  }
}

private struct LookupPrimitive: Primitive {
  let kernel: LookupU8

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
