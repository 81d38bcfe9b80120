package import OctetRuntime
import OctetTensor

/// An operator that runs by its meaning: `evaluate` on row-major tensors.
package struct ReferencePrimitive: Primitive {
  private let op: any Operator
  private let operandTypes: [(ElementType, Shape)]
  private let resultTypes: [(ElementType, Shape)]

  /// Fails only for shapes that are not fixed, which the planner has ruled out.
  package init(_ op: any Operator, _ site: LoweringSite) {
    self.op = op
    operandTypes = site.operands.indices.map { index in
      let view = try? site.operand(index, .planar, dense: true)
      return (site.operands[index].elementType, view?.shape ?? .scalar)
    }
    resultTypes = site.results.indices.map { index in
      let view = try? site.result(index, .planar)
      return (site.results[index].elementType, view?.shape ?? .scalar)
    }
  }

  package var kernelName: String { "reference" }

  package func execute(_ step: borrowing StepBuffers) {
    var operands: [Tensor] = []
    for (index, (elementType, shape)) in operandTypes.enumerated() {
      var tensor = Tensor(elementType, shape)
      let source = step.operand(index)
      tensor.withUnsafeMutableBytes { bytes in
        bytes.baseAddress?.copyMemory(from: source, byteCount: bytes.count)
      }
      operands.append(tensor)
    }
    // Operands were checked when the plan was made: what an operator still refuses now would be our own bug.
    guard let results = try? op.evaluate(operands) else { preconditionFailure("\(op.name) refused checked operands") }
    for (index, result) in results.enumerated() where index < resultTypes.count {
      let destination = step.result(index)
      result.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress { destination.copyMemory(from: base, byteCount: bytes.count) }
      }
    }
  }
}
