package import OctetGraph
import OctetRuntime
package import OctetTensor

/// A graph that an operator runs as a function of its own operands.
///
/// A class, because an operator is compared and copied often: two are equal when they share it.
package final class Subgraph: Sendable, Equatable {
  private let graph: Graph
  private let maximumByteCount: Int

  /// - Parameter maximumByteCount: larger results of a run are refused: a loop may double a tensor in every turn.
  package init(_ graph: Graph, maximumByteCount: Int = 1 << 31) {
    self.graph = graph
    self.maximumByteCount = maximumByteCount
  }

  package var inputCount: Int { graph.inputs.count }
  package var outputCount: Int { graph.outputs.count }

  package static func == (a: Subgraph, b: Subgraph) -> Bool { a === b }

  /// An output that is the same whatever the inputs are.
  package func constant(ofOutput index: Int) -> Tensor? { graph.constant(graph.outputs[index].value) }

  package func elementType(ofOutput index: Int) -> ElementType {
    graph.type(of: graph.outputs[index].value).elementType
  }

  /// The types of the outputs for inputs of these types.
  package func resultTypes(_ inputs: [TensorType]) throws(OperatorError) -> [TensorType] {
    for (id, type) in zip(graph.inputs, inputs) where graph.node(id).type.elementType != type.elementType {
      throw .mismatch(
        "input '\(graph.node(id).name)' of a body", expected: "\(graph.node(id).type)", found: "\(type)")
    }
    do {
      let typed = try graph.specialized(to: inputs.map(\.shape))
      return typed.outputs.map { typed.type(of: $0.value) }
    } catch {
      throw OperatorError("in a body: \(error.description)")
    }
  }

  package func run(_ inputs: [Tensor]) throws(OperatorError) -> [Tensor] {
    let outputs: [Tensor]
    do {
      outputs = try Interpreter(graph, memoryLimit: MemoryLimit(byteCount: maximumByteCount)).run(inputs)
    } catch {
      throw OperatorError("in a body: \(error.description)")
    }
    for output in outputs where output.byteCount > maximumByteCount {
      throw .mismatch(
        "result of a body", expected: "at most \(maximumByteCount) bytes", found: "\(output.byteCount)")
    }
    return outputs
  }
}

extension TensorType {
  /// What is true of both: extents that differ are open. Nil when no type can be.
  func joined(with other: TensorType) -> TensorType? {
    guard elementType == other.elementType, shape.rank == other.shape.rank else { return nil }
    return with(shape: PartialShape(zip(shape.dimensions, other.shape.dimensions).map { $0 == $1 ? $0 : .dynamic }))
  }
}
