package import OctetTensor

/// Where a step finds one of its buffers.
package enum BufferReference: Sendable {
  /// A tensor of the caller.
  case input(Int)
  case output(Int)
  /// Bytes of the executor's arena.
  case arena(offset: Int)
  /// Bytes that belong to the plan, such as a constant operand.
  case constant(TensorStorage)
}

/// Counts how often a quantizer meets values outside the range it was calibrated for.
package struct SaturationProbe: Sendable, Hashable {
  /// Elements in one row, the distance between rows and their number, in bytes of u8 elements.
  package let rowLength: Int
  package let rowStride: Int
  package let rows: Int
  /// The value that stands for "below the range"; nil where the range begins at a natural bound such as ReLU's zero.
  package let low: UInt8?
  package let high: UInt8

  package init(rowLength: Int, rowStride: Int, rows: Int, low: UInt8?, high: UInt8) {
    self.rowLength = rowLength
    self.rowStride = rowStride
    self.rows = rows
    self.low = low
    self.high = high
  }
}

/// One primitive with its buffers.
package struct Step: Sendable {
  package let primitive: any Primitive
  package let operands: [BufferReference]
  package let results: [BufferReference]
  /// Index into the plan's layers; steps that the planner adds (a change of layout) are layers too.
  package let layer: Int
  /// Set when the first result is the output of a quantizer.
  package let saturation: SaturationProbe?

  package init(
    primitive: any Primitive, operands: [BufferReference], results: [BufferReference], layer: Int,
    saturation: SaturationProbe? = nil
  ) {
    self.primitive = primitive
    self.operands = operands
    self.results = results
    self.layer = layer
    self.saturation = saturation
  }
}

/// A model for one set of input shapes: steps in order over one arena. Immutable and shared by all executors.
package final class ExecutionPlan: Sendable {
  package let inputs: [(elementType: ElementType, shape: Shape)]
  package let outputs: [(elementType: ElementType, shape: Shape)]
  package let steps: [Step]
  package let layers: [LayerDescription]
  package let arenaByteCount: Int
  package let scratchByteCount: Int
  /// What comes behind the steps where shapes depend on values; the outputs are then its inputs.
  package let continuation: Continuation?

  package init(
    inputs: [(elementType: ElementType, shape: Shape)], outputs: [(elementType: ElementType, shape: Shape)],
    steps: [Step], layers: [LayerDescription], arenaByteCount: Int, continuation: Continuation? = nil
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.steps = steps
    self.layers = layers
    self.arenaByteCount = arenaByteCount
    self.continuation = continuation
    scratchByteCount = steps.map(\.primitive.scratchByteCount).max() ?? 0
  }

  /// The same plan, after which an inference goes on.
  ///
  /// - Parameter layers: those behind this plan's own.
  package func continued(by continuation: Continuation, layers following: [LayerDescription]) -> ExecutionPlan {
    ExecutionPlan(
      inputs: inputs, outputs: outputs, steps: steps, layers: layers + following, arenaByteCount: arenaByteCount,
      continuation: continuation)
  }
}
