package import OctetGraph
package import OctetTensor

/// A recurrent cell over a sequence, forwards, backwards or both  (opset5 LSTMSequence, GRUSequence, RNNSequence).
///
/// Operands: x [N, steps, inputs], each state [N, directions, hidden], lengths [N], W, R and bias with a leading axis of
/// directions. Results: y [N, directions, steps, hidden] and the last states. Behind the length of its sequence y is 0.
/// Where the cell reads projections, operand 0 is W·x [N, steps, directions·gates·hidden], and there is no W.
package struct RecurrentSequence<Cell: RecurrentCell>: Recurrence {
  package static var name: String { Cell.sequenceName }
  package var cell: Cell
  package let direction: RecurrentDirection

  package init(cell: Cell, direction: RecurrentDirection) {
    self.cell = cell
    self.direction = direction
  }

  package var attributes: String { "\(cell.attributes) \(direction.rawValue)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let states = Cell.stateCount
    try operands.expect(states + (cell.settings.readsProjections ? 4 : 5), of: Self.name)
    try operands.expectNormalizable(rank: 3, of: Self.name)
    try operands.expectIndices(at: 1 + states, of: Self.name)
    guard operands[0].shape.rank == 3 else {
      throw .mismatch("operand of \(Self.name)", expected: "rank 3", found: "\(operands[0].shape)")
    }
    let type = operands[0].elementType
    let (batch, steps) = (operands[0].shape[0], operands[0].shape[1])
    let (directions, hidden) = (Dimension.fixed(direction.count), Dimension.fixed(cell.settings.hiddenSize))
    for index in 1...states { try Cell.check(operands[index], [batch, directions, hidden], type, "state") }
    guard operands[1 + states].shape.isCompatible(with: [batch]) else {
      throw .mismatch(
        "lengths of \(Self.name)", expected: "\(PartialShape([batch]))", found: "\(operands[1 + states].shape)")
    }
    try cell.checkWeights(operands, from: 2 + states, inputs: operands[0].shape[2], leading: [directions])
    let state = TensorType(type, [batch, directions, hidden])
    return [TensorType(type, [batch, directions, steps, hidden])] + [TensorType](repeating: state, count: states)
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    let x = operands[0].shape.fixed
    return cell.macs(perStepOf: operands[0], steps: x.map { $0[0] * $0[1] * direction.count } ?? 0)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let states = Cell.stateCount
    let (batch, steps, rowLength) = (operands[0].shape[0], operands[0].shape[1], operands[0].shape[2])
    // Each direction has projections of its own.
    let inputs = cell.settings.readsProjections ? rowLength / direction.count : rowLength
    let (directions, hidden) = (direction.count, cell.settings.hiddenSize)
    let x = operands[0].doubles
    var current = operands[1...states].map(\.doubles)
    // Lengths may come with the request: what is longer than the sequence means all of it.
    let lengths = operands[1 + states].doubles.map { Int(max(0, min($0, Double(steps)))) }
    var y = [Double](repeating: 0, count: batch * directions * steps * hidden)
    for track in 0..<directions {
      let weights = weights(operands, track)
      for element in 0..<batch {
        let place = element * directions + track
        let range = place * hidden..<(place + 1) * hidden
        var own = current.map { Array($0[range]) }
        let order = Array(0..<lengths[element])
        for step in direction.isReverse(track) ? order.reversed() : order {
          let start = (element * steps + step) * rowLength + (inputs == rowLength ? 0 : track * inputs)
          own = cell.step(Array(x[start..<start + inputs]), own, weights)
          y.replaceSubrange((place * steps + step) * hidden..<(place * steps + step + 1) * hidden, with: own[0])
        }
        for index in 0..<states { current[index].replaceSubrange(range, with: own[index]) }
      }
    }
    let type = operands[0].elementType
    let state = Shape(valid: [batch, directions, hidden])
    return [Tensor(type, Shape(valid: [batch, directions, steps, hidden]), converting: y)]
      + current.map { Tensor(type, state, converting: $0) }
  }

  private func weights(_ operands: [Tensor], _ track: Int) -> RecurrentWeights {
    let parts = operands[(2 + Cell.stateCount)...].map { tensor in
      let size = tensor.elementCount / direction.count
      return Array(tensor.doubles[track * size..<(track + 1) * size])
    }
    return cell.weights(parts)
  }
}

package enum RecurrentDirection: String, CaseIterable, Sendable {
  case forward, reverse, bidirectional

  var count: Int { self == .bidirectional ? 2 : 1 }
  func isReverse(_ track: Int) -> Bool { self == .reverse || track == 1 }
}
