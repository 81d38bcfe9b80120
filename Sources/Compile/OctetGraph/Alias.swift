package import OctetRuntime

/// The result is the operand's memory under another shape: nothing runs. The planner drops the step.
package struct Alias: Primitive {
  package init() {}
  package var kernelName: String { "alias" }
  package func execute(_ step: borrowing StepBuffers) {}
}
