package import OctetKernels

/// A prepared operation: a kernel, its packed weights and its geometry. Immutable; many executors may run it at once.
package protocol Primitive: Sendable {
  /// The kernel that runs, as `octet explain` names it.
  var kernelName: String { get }

  /// The kernels of the further layers that it computes.
  var furtherKernelNames: [String] { get }

  /// Bytes of scratch memory that one execution needs.
  var scratchByteCount: Int { get }

  /// Computes the results from the operands. Allocates nothing, with the exception of reference primitives; fails only
  /// where an operator refuses values of the request.
  func execute(_ step: borrowing StepBuffers) throws(ModelError)
}

extension Primitive {
  package var furtherKernelNames: [String] { [] }
  package var scratchByteCount: Int { 0 }
}

/// The memory of one execution of one step.
package struct StepBuffers: ~Copyable {
  private let operandTable: UnsafePointer<UnsafeMutableRawPointer>
  private let resultTable: UnsafePointer<UnsafeMutableRawPointer>
  package let scratch: UnsafeMutableRawPointer
  package let team: WorkerTeam

  package init(
    operands: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>,
    scratch: UnsafeMutableRawPointer, team: WorkerTeam
  ) {
    operandTable = operands
    resultTable = results
    self.scratch = scratch
    self.team = team
  }

  package func operand(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(operandTable[index]) }
  package func result(_ index: Int) -> UnsafeMutableRawPointer { resultTable[index] }
}
