import OctetGraph
package import OctetKernels

/// h′ = tanh(W·x + R·h + b)  (opset1)
package struct RNNCell: RecurrentCell {
  package static let name = "RNNCell"
  package static let sequenceName = "RNNSequence"
  package static let stateCount = 1
  package static let gateCount = 1
  package static let activationCount = 1
  package var settings: RecurrentSettings

  package var kernel: RecurrenceF32.Cell { .rnn }

  package init(settings: RecurrentSettings) { self.settings = settings }

  package func step(_ x: [Double], _ states: [[Double]], _ weights: RecurrentWeights) -> [[Double]] {
    [states[0].indices.map { settings.activate(0, weights.sum(0, $0, x, states[0])) }]
  }
}
