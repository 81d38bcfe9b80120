package import OctetGraph
package import OctetKernels
package import OctetTensor

/// One step of a recurrent network, state in and state out.
///
/// Operands: x [N, inputs], each state [N, hidden], W [gates·hidden, inputs], R [gates·hidden, hidden] and, optionally, a bias.
/// The results are the new states. Where projections are read, operand 0 is W·x [N, gates·hidden], and there is no W.
package protocol RecurrentCell: Recurrence {
  /// The type name of the operator that runs this cell over a sequence.
  static var sequenceName: String { get }
  static var stateCount: Int { get }
  static var gateCount: Int { get }
  static var activationCount: Int { get }

  var settings: RecurrentSettings { get set }
  /// Groups of `hidden` values in the bias.
  var biasGateCount: Int { get }

  /// The cell as kernels know it.
  var kernel: RecurrenceF32.Cell { get }

  /// The new states of one element of the batch.
  func step(_ x: [Double], _ states: [[Double]], _ weights: RecurrentWeights) -> [[Double]]
}

/// W, R and bias of one direction, row-major; W is empty where x is W·x.
package struct RecurrentWeights {
  let input: [Double]
  let recurrent: [Double]
  let bias: [Double]
  let hiddenSize: Int

  /// Row `unit` of gate `gate` of W, times x; without W, x is all of these.
  func input(_ gate: Int, _ unit: Int, _ x: [Double]) -> Double {
    let row = gate * hiddenSize + unit
    return input.isEmpty ? x[row] : Self.dot(input, row, x)
  }

  /// The same of R, times a state.
  func recurrent(_ gate: Int, _ unit: Int, _ state: [Double]) -> Double {
    Self.dot(recurrent, gate * hiddenSize + unit, state)
  }

  func bias(_ gate: Int, _ unit: Int) -> Double { bias.isEmpty ? 0 : bias[gate * hiddenSize + unit] }

  /// W·x + R·h + b
  func sum(_ gate: Int, _ unit: Int, _ x: [Double], _ state: [Double]) -> Double {
    input(gate, unit, x) + recurrent(gate, unit, state) + bias(gate, unit)
  }

  private static func dot(_ matrix: [Double], _ row: Int, _ x: [Double]) -> Double {
    x.indices.reduce(0) { $0 + matrix[row * x.count + $1] * x[$1] }
  }
}

extension RecurrentCell {
  package var biasGateCount: Int { Self.gateCount }

  package var attributes: String {
    let names = settings.activations.map(\.kind.rawValue).joined(separator: ", ")
    return "hidden \(settings.hiddenSize) \(names)" + (settings.clip.map { " clip \(Float($0))" } ?? "")
      + (settings.readsProjections ? " of projections" : "")
  }

  /// Checks one operand's type, all of whose extents may be open.
  static func check(_ operand: Operand, _ expected: [Dimension], _ type: ElementType, _ what: String)
    throws(OperatorError)
  {
    guard operand.elementType == type, operand.shape.isCompatible(with: PartialShape(expected)) else {
      throw .mismatch("\(what) of \(Self.name)", expected: "\(type)\(PartialShape(expected))", found: "\(operand.type)")
    }
  }

  /// Checks W, if it is there, R and bias, which begin at operand `first`; sequences have a leading axis of directions.
  func checkWeights(
    _ operands: [Operand], from first: Int, inputs: Dimension, leading: [Dimension]
  ) throws(OperatorError) {
    let type = operands[0].elementType
    let (hidden, rows) = (settings.hiddenSize, Dimension.fixed(Self.gateCount * settings.hiddenSize))
    var next = first
    if settings.readsProjections {
      let all = (leading.first?.fixedExtent ?? 1) * Self.gateCount * hidden
      guard inputs.accepts(all) else {
        throw .mismatch("projections of \(Self.name)", expected: "\(all) of a step", found: "\(inputs)")
      }
    } else {
      try Self.check(operands[next], leading + [rows, inputs], type, "W")
      next += 1
    }
    try Self.check(operands[next], leading + [rows, .fixed(hidden)], type, "R")
    guard operands.count > next + 1 else { return }
    try Self.check(operands[next + 1], leading + [.fixed(biasGateCount * hidden)], type, "bias")
    for weights in operands[first...] where weights.shape.fixed == nil {
      throw .mismatch("weights of \(Self.name)", expected: "fixed shapes", found: "\(weights.shape)")
    }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let states = Self.stateCount
    let weights = settings.readsProjections ? 1 : 2
    try operands.expect(1 + states + weights...2 + states + weights, of: Self.name)
    try operands.expectNormalizable(rank: 2, of: Self.name)
    guard operands[0].shape.rank == 2 else {
      throw .mismatch("operand of \(Self.name)", expected: "rank 2", found: "\(operands[0].shape)")
    }
    let batch = operands[0].shape[0]
    let state: [Dimension] = [batch, .fixed(settings.hiddenSize)]
    for index in 1...states { try Self.check(operands[index], state, operands[0].elementType, "state") }
    try checkWeights(operands, from: 1 + states, inputs: operands[0].shape[1], leading: [])
    return [TensorType](repeating: operands[0].type.with(shape: PartialShape(state)), count: states)
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    macs(perStepOf: operands[0], steps: operands[0].shape.fixed?[0] ?? 0)
  }

  /// Of `steps` steps of one direction, all sequences together.
  func macs(perStepOf x: Operand, steps: Int) -> Int {
    let inputs = settings.readsProjections ? 0 : x.shape.fixed?.extents.last ?? 0
    return steps * Self.gateCount * settings.hiddenSize * (inputs + settings.hiddenSize)
  }

  /// W, R and bias of one direction, of which W and bias may be missing.
  func weights(_ parts: [[Double]]) -> RecurrentWeights {
    let all = settings.readsProjections ? [[]] + parts : parts
    return RecurrentWeights(
      input: all[0], recurrent: all[1], bias: all.count > 2 ? all[2] : [], hiddenSize: settings.hiddenSize)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let states = Self.stateCount
    let (batch, inputs) = (operands[0].shape[0], operands[0].shape[1])
    let weights = weights(operands[(1 + states)...].map(\.doubles))
    let x = operands[0].doubles
    let given = operands[1...states].map(\.doubles)
    var results = [[Double]](repeating: [], count: states)
    for element in 0..<batch {
      let range = element * settings.hiddenSize..<(element + 1) * settings.hiddenSize
      let next = step(Array(x[element * inputs..<(element + 1) * inputs]), given.map { Array($0[range]) }, weights)
      for index in 0..<states { results[index] += next[index] }
    }
    let shape = Shape(valid: [batch, settings.hiddenSize])
    return results.map { Tensor(operands[0].elementType, shape, converting: $0) }
  }
}
