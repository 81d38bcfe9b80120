package import OctetGraph
package import OctetTensor

/// y = movement(weighting(quantizer(softmax(scores(query, keys, …))), values, …)), the whole of an attention as one
/// operator.
///
/// Scores and weighting are products of matrices, perhaps with operations behind them; the softmax is over the last axis,
/// and quantizer and movement may be missing.
/// Query, keys and values are operands, or operands that move: heads that stand in the channels of a tensor need not be
/// taken apart. Operands are those of each part in the order of the formula, less what other parts have computed.
package struct Attention: Operator {
  /// An operand, or one whose elements move first.
  package struct Source: Equatable, Sendable {
    /// A Rearrangement, or several as one; its operands are the source and `operandCount - 1` more.
    package let movement: (any Operator)?
    package let operandCount: Int

    package init(movement: (any Operator)? = nil, operandCount: Int = 1) {
      self.movement = movement
      self.operandCount = operandCount
    }

    package static func == (a: Source, b: Source) -> Bool {
      a.operandCount == b.operandCount && areEqual(a.movement, b.movement)
    }
  }

  /// An operator on what others have computed, and how many operands it has besides.
  package struct Part: Equatable, Sendable {
    package let op: any Operator
    package let furtherOperandCount: Int

    package init(_ op: any Operator, furtherOperandCount: Int) {
      self.op = op
      self.furtherOperandCount = furtherOperandCount
    }

    package static func == (a: Part, b: Part) -> Bool {
      a.furtherOperandCount == b.furtherOperandCount && areEqual(a.op, b.op)
    }
  }

  package static let name = "Attention"
  package let query: Source
  package let keys: Source
  package let values: Source
  package let scores: Part
  package let quantizer: Quantize?
  package let weighting: Part
  package let movement: Part?
  /// The layer of the model that weights the values; the node's own computes the scores.
  package let weightingLayer: LayerOrigin

  package init(
    query: Source, keys: Source, values: Source, scores: Part, quantizer: Quantize?, weighting: Part,
    movement: Part? = nil, weightingLayer: LayerOrigin
  ) {
    self.query = query
    self.keys = keys
    self.values = values
    self.scores = scores
    self.quantizer = quantizer
    self.weighting = weighting
    self.movement = movement
    self.weightingLayer = weightingLayer
  }

  /// The same, and then `movement`.
  package func followed(by movement: Part, named names: [String]) -> Attention {
    Attention(
      query: query, keys: keys, values: values, scores: scores, quantizer: quantizer, weighting: weighting,
      movement: movement, weightingLayer: weightingLayer.fusing(names))
  }

  package var attributes: String {
    let parts = [
      query.movement, keys.movement, scores.op, quantizer, values.movement, weighting.op, movement?.op,
    ]
    return parts.compactMap { $0 }.map { $0.attributes.isEmpty ? $0.name : "\($0.name)(\($0.attributes))" }
      .joined(separator: ", ")
  }

  // MARK: - The parts in order

  /// Everything that one run computes, of whatever `compute` makes of an operator and its operands.
  struct Flow<Item> {
    var query: Item
    var keys: Item
    var values: Item
    /// Before the softmax, and what is multiplied by the values.
    var scores: Item
    var probabilities: Item
    /// Before the movement, and behind it.
    var weighted: Item
    var result: Item
  }

  func flow<Item>(
    _ operands: [Item], _ compute: (any Operator, [Item]) throws(OperatorError) -> Item
  ) throws(OperatorError) -> Flow<Item> {
    guard operands.count == operandCount else {
      throw .mismatch("operands of Attention", expected: "\(operandCount)", found: "\(operands.count)")
    }
    var rest = operands[...]
    func take(_ count: Int) -> [Item] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func moved(_ source: Source) throws(OperatorError) -> Item {
      let own = take(source.operandCount)
      guard let movement = source.movement else { return own[0] }
      return try compute(movement, own)
    }
    let (query, keys) = (try moved(query), try moved(keys))
    let scored = try compute(scores.op, [query, keys] + take(scores.furtherOperandCount))
    var probabilities = try compute(SoftMax(axis: -1), [scored])
    if let quantizer { probabilities = try compute(quantizer, [probabilities]) }
    let values = try moved(values)
    let weighted = try compute(weighting.op, [probabilities, values] + take(weighting.furtherOperandCount))
    var result = weighted
    if let movement { result = try compute(movement.op, [weighted] + take(movement.furtherOperandCount)) }
    return Flow(
      query: query, keys: keys, values: values, scores: scored, probabilities: probabilities, weighted: weighted,
      result: result)
  }

  /// Where among the operands each part's own begin.
  var scoresOperands: Int { query.operandCount + keys.operandCount }
  var valuesOperands: Int { scoresOperands + scores.furtherOperandCount }
  var weightingOperands: Int { valuesOperands + values.operandCount }
  var movementOperands: Int { weightingOperands + weighting.furtherOperandCount }
  private var operandCount: Int { movementOperands + (movement?.furtherOperandCount ?? 0) }

  /// What is known before anything runs.
  func types(_ operands: [Operand]) throws(OperatorError) -> Flow<Operand> {
    try flow(operands) { (op, own) throws(OperatorError) in Operand(type: try op.resultTypes(own)[0]) }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    [try types(operands).result.type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [try flow(operands) { (op, own) throws(OperatorError) in try op.evaluate(own)[0] }.result]
  }

  // MARK: - Layers

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let types = try? types(operands) else { return 0 }
    return scores.macs([types.query, types.keys], further(scoresOperands, scores, operands), types.scores)
  }

  package func furtherLayers(_ operands: [Operand]) -> [FurtherLayer] {
    guard let types = try? types(operands) else { return [] }
    let sides = [types.probabilities, types.values]
    return [
      FurtherLayer(
        origin: weightingLayer, elementType: types.probabilities.elementType,
        macs: weighting.macs(sides, further(weightingOperands, weighting, operands), types.weighted))
    ]
  }

  /// The operands of a part that begin with number `start`.
  func further(_ start: Int, _ part: Part, _ operands: [Operand]) -> [Operand] {
    Array(operands[start..<start + part.furtherOperandCount])
  }
}

extension Attention.Part {
  fileprivate func macs(_ computed: [Operand], _ further: [Operand], _ result: Operand) -> Int {
    op.macs(computed + further, [result.type])
  }
}

private func areEqual(_ a: (any Operator)?, _ b: (any Operator)?) -> Bool {
  guard let a, let b else { return a == nil && b == nil }
  return OctetGraph.areEqual(a, b)
}
