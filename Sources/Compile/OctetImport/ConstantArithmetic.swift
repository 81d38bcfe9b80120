import OctetGraph
import OctetOperators
import OctetTensor

/// Computes, while a graph is built, what its shapes depend on.
///
/// An operator that takes axes or a target shape must know them to say what its result is, but a file may hold them as
/// arithmetic over constants and shapes. Small integer results of such arithmetic become constants; everything else stays
/// as the model has it, so that passes still see how weights were quantized.
struct ConstantArithmetic {
  /// Axes and shapes are far smaller; evaluating more than this is the business of passes.
  private static let maximumElementCount = 4096
  /// Operators whose result shape depends on operands that need not be integers.
  private static let shapedByFloats: Set<String> = ["Interpolate", "Range"]

  private var known: [Value: Tensor] = [:]

  init() {}

  /// Adds the layer's node, or the constant that it amounts to.
  mutating func add(
    _ op: any Operator, _ operands: [Value], layer: IRLayer, name: String, to graph: inout Graph
  ) throws(OperatorError) -> NodeID {
    var operands = operands
    if Self.shapedByFloats.contains(layer.type) {
      for (index, operand) in operands.enumerated() where graph.constant(operand) == nil {
        guard let value = known[operand] else { continue }
        operands[index] = Value(try graph.add(Constant(value), name: graph.producer(of: operand).name))
      }
    }
    let results = value(of: op, operands, in: graph)
    if let results, results.count == 1, [.i32, .i64].contains(results[0].elementType), !(op is Constant) {
      return try graph.add(Constant(results[0]), name: name)
    }
    let id = try graph.add(op, operands, name: name, layerType: layer.type)
    for (index, tensor) in (results ?? []).enumerated() { known[Value(id, index)] = tensor }
    return id
  }

  /// The results, when they follow from constants and are small.
  private func value(of op: any Operator, _ operands: [Value], in graph: Graph) -> [Tensor]? {
    let types = operands.map(graph.type)
    if let shapeOf = op as? ShapeOf, let shape = types.first?.shape.fixed { return [shapeOf.value(shape)] }
    guard let resultTypes = try? op.resultTypes(operands.map(graph.operand)),
      (types + resultTypes).allSatisfy({ Self.isSmall($0) })
    else { return nil }
    let values = operands.compactMap { graph.constant($0) ?? known[$0] }
    guard values.count == operands.count, !(op is Parameter) else { return nil }
    return try? op.evaluate(values)
  }

  private static func isSmall(_ type: TensorType) -> Bool {
    // Extents too: an empty tensor may have an axis that nobody can walk.
    guard let shape = type.shape.fixed else { return false }
    return shape.elementCount <= maximumElementCount && shape.extents.allSatisfy { $0 <= maximumElementCount }
  }
}
