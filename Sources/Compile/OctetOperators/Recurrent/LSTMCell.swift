import OctetGraph
package import OctetKernels

/// A long short-term memory, gates in the order f, i, c, o  (opset4).
///
///     f, i, o = σ(W·x + R·h + b),  ĉ = tanh(W·x + R·h + b),  c′ = f∘c + i∘ĉ,  h′ = o∘tanh(c′)
package struct LSTMCell: RecurrentCell {
  package static let name = "LSTMCell"
  package static let sequenceName = "LSTMSequence"
  package static let stateCount = 2
  package static let gateCount = 4
  package static let activationCount = 3
  package var settings: RecurrentSettings

  package var kernel: RecurrenceF32.Cell { .lstm }

  package init(settings: RecurrentSettings) { self.settings = settings }

  package func step(_ x: [Double], _ states: [[Double]], _ weights: RecurrentWeights) -> [[Double]] {
    let (hidden, memory) = (states[0], states[1])
    func gate(_ gate: Int, _ unit: Int, activation: Int) -> Double {
      settings.activate(activation, weights.sum(gate, unit, x, hidden))
    }
    let next = hidden.indices.map { unit in
      gate(0, unit, activation: 0) * memory[unit] + gate(1, unit, activation: 0) * gate(2, unit, activation: 1)
    }
    let output = hidden.indices.map { unit in
      gate(3, unit, activation: 0) * settings.activations[2].apply(next[unit])
    }
    return [output, next]
  }
}
