package import OctetGraph
package import OctetKernels
package import OctetTensor

/// One step of a recurrent network, state in and state out.
///
/// Operands: x [N, inputs], each state [N, hidden], W [gates·hidden, inputs], R [gates·hidden, hidden] and, optionally, a bias.
/// The results are the new states.
package protocol RecurrentCell: Operator {
  /// The type name of the operator that runs this cell over a sequence.
  static var sequenceName: String { get }
  static var stateCount: Int { get }
  static var gateCount: Int { get }
  static var activationCount: Int { get }

  var settings: RecurrentSettings { get }
  /// Groups of `hidden` values in the bias.
  var biasGateCount: Int { get }

  /// The cell as kernels know it.
  var kernel: RecurrenceF32.Cell { get }

  /// The new states of one element of the batch.
  func step(_ x: [Double], _ states: [[Double]], _ weights: RecurrentWeights) -> [[Double]]
}

/// W, R and bias of one direction, row-major.
package struct RecurrentWeights {
  let input: [Double]
  let recurrent: [Double]
  let bias: [Double]
  let hiddenSize: Int

  /// Row `unit` of gate `gate` of W, times x.
  func input(_ gate: Int, _ unit: Int, _ x: [Double]) -> Double { Self.dot(input, gate * hiddenSize + unit, x) }

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
  }

  /// Checks one operand's type, all of whose extents may be open.
  static func check(_ operand: Operand, _ expected: [Dimension], _ type: ElementType, _ what: String)
    throws(OperatorError)
  {
    guard operand.elementType == type, operand.shape.isCompatible(with: PartialShape(expected)) else {
      throw .mismatch("\(what) of \(Self.name)", expected: "\(type)\(PartialShape(expected))", found: "\(operand.type)")
    }
  }

  /// Checks W, R and bias, which begin at operand `first`; sequences have a leading axis of directions.
  func checkWeights(
    _ operands: [Operand], from first: Int, inputs: Dimension, leading: [Dimension]
  ) throws(OperatorError) {
    let type = operands[0].elementType
    let (hidden, rows) = (settings.hiddenSize, Dimension.fixed(Self.gateCount * settings.hiddenSize))
    try Self.check(operands[first], leading + [rows, inputs], type, "W")
    try Self.check(operands[first + 1], leading + [rows, .fixed(hidden)], type, "R")
    guard operands.count > first + 2 else { return }
    try Self.check(operands[first + 2], leading + [.fixed(biasGateCount * hidden)], type, "bias")
    for weights in operands[first...] where weights.shape.fixed == nil {
      throw .mismatch("weights of \(Self.name)", expected: "fixed shapes", found: "\(weights.shape)")
    }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let states = Self.stateCount
    try operands.expect(3 + states...4 + states, of: Self.name)
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
    let inputs = x.shape.fixed?.extents.last ?? 0
    return steps * Self.gateCount * settings.hiddenSize * (inputs + settings.hiddenSize)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let states = Self.stateCount
    let (batch, inputs) = (operands[0].shape[0], operands[0].shape[1])
    let weights = RecurrentWeights(
      input: operands[1 + states].doubles, recurrent: operands[2 + states].doubles,
      bias: operands.count > 3 + states ? operands[3 + states].doubles : [], hiddenSize: settings.hiddenSize)
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
