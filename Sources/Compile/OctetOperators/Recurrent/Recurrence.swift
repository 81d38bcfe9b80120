package import OctetGraph
import OctetKernels

/// A recurrent cell, alone or over a sequence: as far as low precision is concerned, W·x and what the states add.
package protocol Recurrence: Operator {
  var readsProjections: Bool { get set }
  /// Which operand is W, or would be.
  var weightsOperand: Int { get }
  var directionCount: Int { get }
  /// Rows of the bias that are added to W·x, and all rows of it, of one direction.
  var biasRows: (early: Int, all: Int) { get }
}

extension Recurrence {
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    if readsProjections {
      return .refused("its states are f32 from step to step: only its inputs are multiplied in INT8")
    }
    guard incoming[0] != nil else { return .refused("its activations are not quantized") }
    guard incoming[weightsOperand] != nil else { return .refused("its weights are not quantized to 8 bits") }
    return .refused("its bias is not known, or its weights have different scales within an output")
  }
}

extension RecurrentCell {
  package var readsProjections: Bool {
    get { settings.readsProjections }
    set { settings.readsProjections = newValue }
  }
  package var weightsOperand: Int { 1 + Self.stateCount }
  package var directionCount: Int { 1 }
  package var biasRows: (early: Int, all: Int) {
    (kernel.gates * settings.hiddenSize, biasGateCount * settings.hiddenSize)
  }
}

extension RecurrentSequence {
  package var readsProjections: Bool {
    get { cell.readsProjections }
    set { cell.readsProjections = newValue }
  }
  package var weightsOperand: Int { 2 + Cell.stateCount }
  package var directionCount: Int { direction.count }
  package var biasRows: (early: Int, all: Int) { cell.biasRows }
}
