package import OctetKernels
package import OctetRuntime

/// Moves elements of operand 0 to result 0.
package struct ReorderPrimitive: Primitive {
  private let kernel: Reorder

  package init(_ kernel: Reorder) { self.kernel = kernel }

  package var kernelName: String { kernel.kernelName }

  package func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
