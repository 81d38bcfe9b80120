import OctetGraph
import OctetOperators
import OctetTensor

/// `LSTM(dequantize(q), states, dequantize(W), R, b)`  ⇒  `LSTM(dequantize(q)·dequantize(W)ᵀ + b, states, R)`, for all
/// recurrent cells and sequences.
///
/// W·x of all steps is one product of integers. States are f32 from step to step, as the model has them. OpenVINO's
/// RecurrentCellTransformation.
struct ProjectInputsOfRecurrence: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard var op = node.op as? any Recurrence, !op.readsProjections, node.type.elementType == .f32 else { return nil }
    let (x, place) = (node.operands[0], op.weightsOperand)
    let weights = graph.producer(of: node.operands[place])
    guard graph.producer(of: x).op is Dequantize, let dequantization = (weights.op as? Dequantize)?.dequantization,
      let integers = graph.constant(weights.operands[0]), let bias = Bias(node, op, in: graph),
      let rows = Self.rows(integers, dequantization)
    else { return nil }

    var patch = GraphPatch(to: graph)
    let matrix = Shape(valid: [integers.shape.elementCount / rows.inputs, rows.inputs])
    let w = patch.add(
      Dequantize(rows.dequantization), [patch.addConstant(integers.reshaped(to: matrix), from: weights)], from: weights)
    var projections = patch.add(MatMul(transposeA: false, transposeB: true), [x, w], from: node)
    if let early = bias.early {
      projections = patch.add(Add(), [projections, patch.addConstant(early, from: node)], from: node, fused: [])
    }
    op.readsProjections = true
    var operands = [projections] + node.operands[1...]
    operands.remove(at: place)
    if let late = bias.late { operands[operands.count - 1] = patch.addConstant(late, from: node) }
    let moved = patch.add(op, operands, from: node)
    for index in node.types.indices { patch.replace(Value(node.id, index), with: Value(moved.node, index)) }
    return patch
  }

  /// The dequantization of all rows of W; nil where it differs inside of one.
  private static func rows(
    _ weights: Tensor, _ dequantization: Dequantization
  ) -> (inputs: Int, dequantization: Dequantization)? {
    let shape = weights.shape, axes = dequantization.axes
    guard let inputs = shape.extents.last, inputs > 0 else { return nil }
    if dequantization.isPerTensor { return (inputs, dequantization) }
    guard axes.upperBound < shape.rank else { return nil }
    let count = shape.elementCount / inputs, inner = shape.count(in: axes.upperBound..<shape.rank - 1)
    func spread(_ values: [Double]) -> [Double] { (0..<count).map { values[$0 / inner % values.count] } }
    return (
      inputs,
      Dequantization(scales: spread(dequantization.scales), zeroPoints: spread(dequantization.zeroPoints), axes: 0..<1)
    )
  }

  /// The bias in two parts: what is added to W·x, and what stays.
  private struct Bias {
    private(set) var early: Tensor?
    private(set) var late: Tensor?

    /// Nil when the bias is not known.
    init?(_ node: Node, _ op: any Recurrence, in graph: Graph) {
      guard node.operands.count > op.weightsOperand + 2 else { return }
      guard let bias = graph.constant(node.operands[op.weightsOperand + 2]) else { return nil }
      let (values, rows) = (bias.doubles, op.biasRows)
      let isEarly = values.indices.map { $0 % rows.all < rows.early }
      let early = values.indices.filter { isEarly[$0] }.map { values[$0] }
      self.early = Tensor(.f32, Shape(valid: [early.count]), converting: early)
      late = Tensor(.f32, bias.shape, converting: zip(values, isEarly).map { $1 ? 0 : $0 })
    }
  }
}
