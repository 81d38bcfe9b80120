package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension ElementwiseUnary {
  /// Order does not matter to a function of one element: the layout stays as it is.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    guard let kernelOperation, site.operands[0].elementType == .f32 else {
      return try ScalarMap(.unary(apply), site) ?? ReferencePrimitive(self, site)
    }
    let rows = try RowLayout(elementsOf: site)
    return UnaryPrimitive(kernel: UnaryF32(kernelOperation, rows, cpu: site.cpu))
  }
}

extension RowLayout {
  /// Operand 0 to result 0 in the layout that the operand has: pixels of a part of a concatenation are rows, everything
  /// else is one.
  init(elementsOf site: LoweringSite) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    let layout = shape.rank > 2 ? site.preferredLayout(ofOperand: 0) : .planar
    let x = try site.operand(0, layout)
    let y = try site.result(0, layout)
    guard layout == .channelsLast, !(x.isDense && y.isDense) else {
      self.init(rows: 1, columns: shape.elementCount)
      return
    }
    self.init(rows: x.pixelCount, columns: x.channels, sourceStride: x.pixelStride, destinationStride: y.pixelStride)
  }
}

struct UnaryPrimitive: Primitive {
  let kernel: UnaryF32

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
