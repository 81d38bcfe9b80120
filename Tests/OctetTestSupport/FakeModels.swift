import Dispatch
package import OctetRuntime
package import OctetTensor
import Synchronization
import OctetSystem

/// Lets inferences pass, or holds them until it is opened: a model that is busy for as long as a test wants.
package final class Gate: Sendable {
  private let isClosed = Lock(false)
  private let waiting = Atomic(0)
  private let opened = DispatchSemaphore(value: 0)

  package init() {}

  /// Inferences that stand before the gate.
  package var waitingCount: Int { waiting.load(ordering: .sequentiallyConsistent) }

  package func close() { isClosed.withLock { $0 = true } }

  package func open() {
    isClosed.withLock { isClosed in
      isClosed = false
      for _ in 0..<waiting.load(ordering: .sequentiallyConsistent) { opened.signal() }
    }
  }

  func pass() {
    let mustWait = isClosed.withLock { isClosed in
      if isClosed { waiting.add(1, ordering: .sequentiallyConsistent) }
      return isClosed
    }
    guard mustWait else { return }
    opened.wait()
    waiting.subtract(1, ordering: .sequentiallyConsistent)
  }
}

/// Models small enough to know by heart, for tests of what stands around a model.
package enum FakeModel {
  /// y = 2 x, for an input `x` and an output `y` of f32, any number of rows of `row` elements.
  package static func doubling(
    row: Int = 2, rows: ClosedRange<Int> = 0...Int.max, gate: Gate? = nil
  ) -> CompiledModel {
    let type = TensorType(.f32, PartialShape([.bounded(rows), .fixed(row)]))
    return model(inputs: [Port(name: "x", type: type)], outputs: [Port(name: "y", type: type)], gate: gate)
  }

  /// Answers each input, one of every type that goes over the wire, as an output `copy of …`.
  package static func copying(_ types: [ElementType], extent: Int) -> CompiledModel {
    copying(types.map { Port(name: $0.rawValue, type: TensorType($0, Shape(valid: [extent]))) })
  }

  /// Answers each input as it is, as an output `copy of …`.
  package static func copying(_ ports: [Port]) -> CompiledModel {
    model(inputs: ports, outputs: ports.map { Port(name: "copy of \($0.name)", type: $0.type) }, gate: nil)
  }

  private static func model(inputs: [Port], outputs: [Port], gate: Gate?) -> CompiledModel {
    CompiledModel(
      signature: ModelSignature(inputs: inputs, outputs: outputs), instructionSet: "scalar",
      weightByteCount: { 4096 },
      makePlan: { shapes in
        let inputTypes = zip(inputs, shapes).map { ($0.type.elementType, $1) }
        let steps = inputTypes.indices.map { index in
          Step(
            primitive: CopyPrimitive(
              byteCount: inputTypes[index].0.byteCount(of: inputTypes[index].1.elementCount) ?? 0,
              isDoubling: outputs[index].name == "y", gate: gate),
            operands: [.input(index)], results: [.output(index)], layer: index)
        }
        let layers = inputs.map { port in
          LayerDescription(
            name: "layer of \(port.name)", operatorName: "Copy", precision: "f32", kernel: "scalar", fused: [],
            reason: nil, macs: 0)
        }
        return ExecutionPlan(inputs: inputTypes, outputs: inputTypes, steps: steps, layers: layers, arenaByteCount: 64)
      })
  }
}

/// Copies bytes, or doubles f32 elements.
private struct CopyPrimitive: Primitive {
  let byteCount: Int
  let isDoubling: Bool
  let gate: Gate?

  var kernelName: String { "copy_scalar" }

  func execute(_ step: borrowing StepBuffers) {
    gate?.pass()
    guard isDoubling else { return step.result(0).copyMemory(from: step.operand(0), byteCount: byteCount) }
    for offset in stride(from: 0, to: byteCount, by: 4) {
      let value = step.operand(0).loadUnaligned(fromByteOffset: offset, as: Float.self)
      step.result(0).storeBytes(of: value * 2, toByteOffset: offset, as: Float.self)
    }
  }
}
