package import OctetGraph
import OctetOperators
package import OctetTensor

/// Builds small graphs, operator by operator; `GraphBuilder+Layers.swift` has the usual ones.
package final class GraphBuilder {
  package private(set) var graph = Graph()
  private var random: SeededRandom

  package init(seed: UInt64 = 1) { random = SeededRandom(seed: seed) }

  @discardableResult
  package func add(_ op: any Operator, _ operands: Value..., name: String? = nil) throws(OperatorError) -> Value {
    Value(try addNode(op, operands, name: name))
  }

  /// The same for an operator with several results, or with operands in a list.
  package func addNode(_ op: any Operator, _ operands: [Value], name: String? = nil) throws(OperatorError) -> NodeID {
    try graph.add(op, operands, name: name)
  }

  package func input(
    _ name: String = "x", _ shape: PartialShape, _ elementType: ElementType = .f32
  ) throws(OperatorError) -> Value {
    Value(try graph.add(Parameter(type: TensorType(elementType, shape)), name: name))
  }

  package func output(_ value: Value, _ name: String = "y") { graph.addOutput(value, name: name) }

  // MARK: - Constants

  package func constant(_ tensor: Tensor, name: String? = nil) throws(OperatorError) -> Value {
    Value(try graph.add(Constant(tensor), name: name))
  }

  package func constant(
    _ values: [Double], _ shape: Shape? = nil, _ elementType: ElementType = .f32
  ) throws(OperatorError) -> Value {
    try constant(Tensor(elementType, shape ?? Shape(valid: [values.count]), converting: values))
  }

  package func scalar(_ value: Double, _ elementType: ElementType = .f32) throws(OperatorError) -> Value {
    try constant([value], .scalar, elementType)
  }

  /// Axes, orders, shapes.
  package func integers(_ values: [Int]) throws(OperatorError) -> Value {
    try constant(values.map(Double.init), nil, .i64)
  }

  package func randomConstant(
    _ shape: Shape, in range: ClosedRange<Double> = -1...1, _ elementType: ElementType = .f32
  ) throws(OperatorError) -> Value {
    try constant(random.tensor(elementType, shape, in: range))
  }

  /// Weights as NNCF stores them: `const i8 → Convert → Multiply scale`, one scale per output channel.
  package func int8Weights(_ shape: Shape, scaleShape: Shape? = nil) throws(OperatorError) -> Value {
    let integers = try randomConstant(shape, in: -127.9...127.9, .i8)
    let scales = scaleShape ?? Shape(valid: [shape[0]] + [Int](repeating: 1, count: shape.rank - 1))
    let reach = Double(shape.count(in: 1..<shape.rank)).squareRoot()
    let factors = try randomConstant(scales, in: 0.005 / reach...0.02 / reach)
    return try add(Multiply(), try add(Convert(to: .f32), integers), factors)
  }
}
