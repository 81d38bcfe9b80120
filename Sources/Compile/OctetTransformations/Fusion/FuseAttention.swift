import OctetGraph
import OctetOperators
import OctetTensor

/// `softmax(q · kᵀ) · v`  ⇒  `attention(q, k, v)`, with what is added to the scores, a quantizer, and the movements in front and
/// behind that take heads apart and join them: scores stay in a cache, and heads where they stand.
struct FuseAttention: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    node.op.isMatrixProduct ? fuse(node, in: graph) : node.op.isMovement ? absorb(node, in: graph) : nil
  }

  // MARK: - Products and softmax

  private func fuse(_ weighting: Node, in graph: Graph) -> GraphPatch? {
    let probabilities = graph.producer(of: weighting.operands[0])
    let quantizer = probabilities.op as? Quantize
    let softmax = quantizer == nil ? probabilities : graph.producer(of: probabilities.operands[0])
    guard let op = softmax.op as? SoftMax, graph.hasSingleUse(softmax.value), graph.hasSingleUse(probabilities.value),
      op.axis == -1 || op.axis == softmax.type.shape.rank - 1,
      let scores = Scores(softmax.operands[0], in: graph)
    else { return nil }
    let (query, keys) = (source(scores.query, in: graph), source(scores.keys, in: graph))
    let values = source(weighting.operands[1], in: graph)
    let weightingFurther = weighting.operands.dropFirst(2)
    let attention = Attention(
      query: query.source, keys: keys.source, values: values.source,
      scores: Attention.Part(scores.op, furtherOperandCount: scores.further.count), quantizer: quantizer,
      weighting: Attention.Part(weighting.op, furtherOperandCount: weightingFurther.count),
      weightingLayer: LayerOrigin(weighting).fusing(values.names))
    let operands = query.operands + keys.operands + scores.further + values.operands + weightingFurther
    guard attention.hasKernel(operands.map(graph.operand)) else { return nil }

    var patch = GraphPatch(to: graph)
    let quantizerNames = quantizer == nil ? [] : [probabilities.name] + probabilities.fused
    let names = query.names + keys.names + scores.names + [softmax.name] + softmax.fused + quantizerNames
    patch.replace(weighting.value, with: patch.add(attention, operands, from: scores.node, fused: names))
    return patch
  }

  /// The node that computes the scores, and all that makes them.
  private struct Scores {
    let node: Node
    let op: any Operator
    let query: Value
    let keys: Value
    let further: [Value]
    let names: [String]

    /// A product, or one to which a mask is added that is spread over heads or rows.
    init?(_ value: Value, in graph: Graph) {
      let last = graph.producer(of: value)
      guard graph.hasSingleUse(value) else { return nil }
      if last.op.isMatrixProduct {
        self.init(last, last.op, further: Array(last.operands.dropFirst(2)), names: last.fused)
        return
      }
      guard let add = last.op as? Add else { return nil }
      for index in last.operands.indices {
        let product = graph.producer(of: last.operands[index])
        guard product.op.isMatrixProduct, graph.hasSingleUse(product.value), product.type == last.type else { continue }
        let mask = last.operands[1 - index]
        let operation = FusedOperation(
          op: add, chainOperand: index, furtherOperands: [graph.operand(mask)], type: last.type)
        self.init(
          product, Fused(operation, after: product.op, operandCount: 2),
          further: product.operands.dropFirst(2) + [mask], names: product.fused + [last.name] + last.fused)
        return
      }
      return nil
    }

    private init(_ node: Node, _ op: any Operator, further: [Value], names: [String]) {
      self.node = node
      self.op = op
      (query, keys) = (node.operands[0], node.operands[1])
      self.further = further
      self.names = names
    }
  }

  /// A value, or the movement that nothing else needs and what it moves.
  private func source(
    _ value: Value, in graph: Graph
  ) -> (source: Attention.Source, operands: [Value], names: [String]) {
    let node = graph.producer(of: value)
    guard node.op.isMovement, graph.hasSingleUse(value),
      Attention.keepsColumns(node.op, node.operands.map(graph.operand))
    else { return (Attention.Source(), [value], []) }
    let source = Attention.Source(movement: node.op, operandCount: node.operands.count)
    return (source, node.operands, [node.name] + node.fused)
  }

  // MARK: - The movement behind

  private func absorb(_ node: Node, in graph: Graph) -> GraphPatch? {
    let base = graph.producer(of: node.operands[0])
    guard let attention = base.op as? Attention, attention.movement == nil, graph.hasSingleUse(base.value) else {
      return nil
    }
    let further = Array(node.operands.dropFirst())
    let moved = attention.followed(
      by: Attention.Part(node.op, furtherOperandCount: further.count), named: [node.name] + node.fused)
    let operands = base.operands + further
    guard moved.hasKernel(operands.map(graph.operand)) else { return nil }
    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(moved, operands, from: base))
    return patch
  }
}

extension Operator {
  /// A product of two matrices, perhaps with operations behind it.
  fileprivate var isMatrixProduct: Bool { ((self as? Fused)?.base ?? self) is MatMul }

  /// A movement of elements, or several as one.
  fileprivate var isMovement: Bool { ((self as? Fused)?.base ?? self) is any Rearrangement }
}
