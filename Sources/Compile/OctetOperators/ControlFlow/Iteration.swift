package import OctetGraph
import OctetTensor

/// What Loop and TensorIterator share: a body that runs again and again, and where its inputs come from and its outputs go.
package struct Iteration: Sendable, Equatable {
  /// Parts of an axis, one for each turn.
  ///
  /// Bounds count from the front, or from behind the end when negative: −1 is the end. A negative stride walks backwards.
  package struct Parts: Sendable, Equatable {
    package let axis: Int
    package let start: Int
    package let end: Int
    package let stride: Int
    package let size: Int

    package init(axis: Int, start: Int, end: Int, stride: Int, size: Int) throws(OperatorError) {
      guard stride != 0, size > 0, stride.magnitude == size.magnitude, size <= Shape.maximumElementCount else {
        throw .mismatch(
          "parts of an iteration", expected: "a stride of ± their size", found: "stride \(stride), size \(size)")
      }
      self.axis = axis
      self.start = start
      self.end = end
      self.stride = stride
      self.size = size
    }

    /// How many parts an axis of this extent has, and where the first begins.
    fileprivate func span(_ extent: Int) throws(OperatorError) -> (count: Int, first: Int) {
      func bound(_ value: Int) -> Int { value < 0 ? value + extent + 1 : value }
      guard start.magnitude <= Shape.maximumElementCount, end.magnitude <= Shape.maximumElementCount,
        (0...extent).contains(bound(start)), (0...extent).contains(bound(end))
      else {
        throw .mismatch("parts of an iteration", expected: "bounds inside \(extent)", found: "\(start)…\(end)")
      }
      let length = stride > 0 ? bound(end) - bound(start) : bound(start) - bound(end)
      return (max(0, length) / size, stride > 0 ? bound(start) : bound(start) - size)
    }
  }

  /// Where an input of the body comes from.
  package enum Source: Sendable, Equatable {
    case operand(Int)
    case parts(operand: Int, Parts)
    /// The operand in the first turn, then what this output was in the turn before.
    case carried(operand: Int, output: Int)
    /// The number of the turn.
    case turn
  }

  /// What a result is made of: an output of the body.
  package enum Result: Sendable, Equatable {
    case last(output: Int)
    case joined(output: Int, Parts)
  }

  package let body: Subgraph
  package let sources: [Source]
  package let results: [Result]
  /// More turns than this are refused, and so are larger results: a request may ask for any number.
  package let maximumTurns: Int
  package let maximumByteCount: Int

  package init(
    body: Subgraph, sources: [Source], results: [Result], maximumTurns: Int = 1 << 17, maximumByteCount: Int = 1 << 31
  ) throws(OperatorError) {
    guard sources.count == body.inputCount else {
      throw .mismatch(
        "inputs of a body", expected: "a source for each of \(body.inputCount)", found: "\(sources.count)")
    }
    self.body = body
    self.sources = sources
    self.results = results
    self.maximumTurns = maximumTurns
    self.maximumByteCount = maximumByteCount
  }
}

// MARK: - Types

extension Iteration {
  /// - Parameter turns: how many there will be, when that is known.
  func resultTypes(_ operands: [Operand], turns: Int?) throws(OperatorError) -> [TensorType] {
    var inputs: [TensorType] = []
    for source in sources { inputs.append(try type(of: source, operands)) }
    var outputs = try body.resultTypes(inputs)
    // What is carried has a type that holds before and after a turn: extents that change are open. Each round opens one
    // or ends it.
    while let (index, type) = try widened(inputs, outputs) {
      inputs[index] = type
      outputs = try body.resultTypes(inputs)
    }
    return try results.map { (result) throws(OperatorError) in
      switch result {
      case .last(let output): return carriedType(output, inputs) ?? outputs[output]
      case .joined(let output, let parts): return try joinedType(outputs[output], parts, turns: turns)
      }
    }
  }

  private func type(of source: Source, _ operands: [Operand]) throws(OperatorError) -> TensorType {
    switch source {
    case .operand(let index), .carried(let index, _): return try operand(index, operands).type
    case .turn: return TensorType(.i64, .scalar)
    case .parts(let index, let parts):
      let type = try operand(index, operands).type
      var dimensions = type.shape.dimensions
      let axis = try Axis.normalized(parts.axis, rank: dimensions.count, of: "an iteration")
      if let extent = dimensions[axis].fixedExtent { _ = try parts.span(extent) }
      dimensions[axis] = .fixed(parts.size)
      return type.with(shape: PartialShape(dimensions))
    }
  }

  private func operand(_ index: Int, _ operands: [Operand]) throws(OperatorError) -> Operand {
    guard operands.indices.contains(index) else {
      throw .mismatch("operands of an iteration", expected: "more than \(index)", found: "\(operands.count)")
    }
    return operands[index]
  }

  /// A carried input whose type does not hold for what comes back, with the type that does.
  private func widened(
    _ inputs: [TensorType], _ outputs: [TensorType]
  ) throws(OperatorError) -> (index: Int, type: TensorType)? {
    for (index, source) in sources.enumerated() {
      guard case .carried(_, let output) = source else { continue }
      guard let joined = inputs[index].joined(with: outputs[output]) else {
        throw .mismatch(
          "what an iteration carries", expected: "the same type and rank in every turn",
          found: "\(inputs[index]), then \(outputs[output])")
      }
      if joined != inputs[index] { return (index, joined) }
    }
    return nil
  }

  /// The type of an input that carries this output.
  private func carriedType(_ output: Int, _ inputs: [TensorType]) -> TensorType? {
    zip(sources, inputs).first { source, _ in
      if case .carried(_, output) = source { true } else { false }
    }?.1
  }

  private func joinedType(_ part: TensorType, _ parts: Parts, turns: Int?) throws(OperatorError) -> TensorType {
    var dimensions = part.shape.dimensions
    let axis = try Axis.normalized(parts.axis, rank: dimensions.count, of: "an iteration")
    let extent = turns.flatMap { turns in dimensions[axis].fixedExtent.map { ($0, turns) } }
    dimensions[axis] = .dynamic
    if let (size, turns) = extent { dimensions[axis] = .fixed(try Extent.product(size, turns, of: "an iteration")) }
    return part.with(shape: PartialShape(dimensions))
  }

  /// How many parts the operands have; nil while that is not known, or where no operand is cut into parts.
  func partCount(_ operands: [Operand]) throws(OperatorError) -> Int? {
    var count: Int?
    for source in sources {
      guard case .parts(let index, let parts) = source else { continue }
      let shape = try operand(index, operands).shape
      guard let extent = shape[try Axis.normalized(parts.axis, rank: shape.rank, of: "an iteration")].fixedExtent else {
        return nil
      }
      let own = try parts.span(extent).count
      guard count ?? own == own else {
        throw .mismatch("parts of an iteration", expected: "equally many of every operand", found: "\(own)")
      }
      count = own
    }
    return count
  }
}

// MARK: - Values

extension Iteration {
  /// Runs turn after turn as long as `goesOn` says so, which sees the number of the turn and the body's last outputs.
  func run(
    _ operands: [Tensor], while goesOn: (_ turn: Int, _ outputs: [Tensor]?) -> Bool
  ) throws(OperatorError) -> [Tensor] {
    var turn = 0
    var last: [Tensor]?
    var collected = [[Tensor]](repeating: [], count: results.count)
    var collectedByteCount = 0
    while goesOn(turn, last) {
      guard turn < maximumTurns else {
        throw .mismatch("turns of an iteration", expected: "at most \(maximumTurns)", found: "more")
      }
      var inputs: [Tensor] = []
      for source in sources { inputs.append(try value(of: source, operands, turn: turn, last)) }
      let outputs = try body.run(inputs)
      for (index, result) in results.enumerated() {
        guard case .joined(let output, _) = result else { continue }
        collected[index].append(outputs[output])
        collectedByteCount += outputs[output].byteCount
      }
      guard collectedByteCount <= maximumByteCount else {
        throw .mismatch("results of an iteration", expected: "at most \(maximumByteCount) bytes", found: "more")
      }
      last = outputs
      turn += 1
    }
    let types = try resultTypes(operands.known, turns: turn)
    var values: [Tensor] = []
    for (index, result) in results.enumerated() {
      switch result {
      case .last(let output): values.append(try finalValue(output, operands, last))
      case .joined(_, let parts): values.append(try join(collected[index], parts, types[index]))
      }
    }
    return values
  }

  private func value(
    of source: Source, _ operands: [Tensor], turn: Int, _ last: [Tensor]?
  ) throws(OperatorError) -> Tensor {
    switch source {
    case .operand(let index): return operands[index]
    case .carried(let index, let output): return last.map { $0[output] } ?? operands[index]
    case .turn: return Tensor(.i64, .scalar, elements: [Int64(turn)])
    case .parts(let index, let parts):
      let shape = operands[index].shape
      let axis = try Axis.normalized(parts.axis, rank: shape.rank, of: "an iteration")
      let (count, first) = try parts.span(shape[axis])
      guard turn < count else {
        throw .mismatch("turns of an iteration", expected: "at most \(count), as many as parts", found: "more")
      }
      let begin = first + turn * parts.stride
      return operands[index].selecting(Array(begin..<begin + parts.size), alongAxis: axis)
    }
  }

  /// Without a turn, what is carried is what it was.
  private func finalValue(_ output: Int, _ operands: [Tensor], _ last: [Tensor]?) throws(OperatorError) -> Tensor {
    if let last { return last[output] }
    for case .carried(let index, output) in sources { return operands[index] }
    throw OperatorError("a result of the last turn: expected at least one turn, found none")
  }

  private func join(_ parts: [Tensor], _ placement: Parts, _ type: TensorType) throws(OperatorError) -> Tensor {
    guard !parts.isEmpty else {
      let extents = type.shape.dimensions.map { $0.fixedExtent ?? 0 }
      guard let shape = Shape(extents) else { throw OperatorError("an empty result of an impossible shape \(extents)") }
      return Tensor(type.elementType, shape)
    }
    let concat = Concat(axis: placement.axis)
    let ordered = placement.stride > 0 ? parts : parts.reversed()
    _ = try concat.resultTypes(ordered.known)
    return try concat.evaluate(ordered)[0]
  }
}
