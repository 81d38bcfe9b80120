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

  package func execute(_ step: borrowing StepBuffers) throws(ModelError) {
    var operands: [Tensor] = []
    for (index, (elementType, shape)) in operandTypes.enumerated() {
      var tensor = Tensor(elementType, shape)
      let source = step.operand(index)
      tensor.withUnsafeMutableBytes { bytes in
        bytes.baseAddress?.copyMemory(from: source, byteCount: bytes.count)
      }
      operands.append(tensor)
    }
    let results: [Tensor]
    do throws(OperatorError) {
      results = try op.evaluate(operands)
    } catch {
      // Types were checked when the plan was made; values come with a request.
      throw .input(error.description)
    }
    for (index, result) in results.enumerated() where index < resultTypes.count {
      // Memory was planned for this shape.
      guard (result.elementType, result.shape) == resultTypes[index] else {
        throw .model("\(op.name) gave \(result.type) where \(resultTypes[index]) was planned")
      }
      let destination = step.result(index)
      result.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress { destination.copyMemory(from: base, byteCount: bytes.count) }
      }
    }
  }
}
