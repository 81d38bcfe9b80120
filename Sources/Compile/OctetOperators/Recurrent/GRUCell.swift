import OctetGraph
package import OctetKernels

/// A gated recurrent unit, gates in the order z, r, h  (opset3).
///
///     z, r = σ(W·x + R·h + b),  ĥ = tanh(W·x + R·(r∘h) + b),  h′ = (1 − z)∘ĥ + z∘h
///
/// With `resetsAfter` (linear_before_reset) ĥ = tanh(W·x + b + r∘(R·h + b′)), b′ being the fourth part of the bias.
package struct GRUCell: RecurrentCell {
  package static let name = "GRUCell"
  package static let sequenceName = "GRUSequence"
  package static let stateCount = 1
  package static let gateCount = 3
  package static let activationCount = 2
  package var settings: RecurrentSettings
  package let resetsAfter: Bool

  package init(settings: RecurrentSettings, resetsAfter: Bool) {
    self.settings = settings
    self.resetsAfter = resetsAfter
  }

  package var biasGateCount: Int { resetsAfter ? 4 : 3 }
  package var kernel: RecurrenceF32.Cell { resetsAfter ? .gruWithLateReset : .gru }

  package func step(_ x: [Double], _ states: [[Double]], _ weights: RecurrentWeights) -> [[Double]] {
    let hidden = states[0]
    let update = hidden.indices.map { settings.activate(0, weights.sum(0, $0, x, hidden)) }
    let reset = hidden.indices.map { settings.activate(0, weights.sum(1, $0, x, hidden)) }
    let gated = zip(reset, hidden).map { $0 * $1 }
    let next = hidden.indices.map { unit in
      let recurrent =
        resetsAfter
        ? reset[unit] * (weights.recurrent(2, unit, hidden) + weights.bias(3, unit))
        : weights.recurrent(2, unit, gated)
      let candidate = settings.activate(1, weights.input(2, unit, x) + recurrent + weights.bias(2, unit))
      return (1 - update[unit]) * candidate + update[unit] * hidden[unit]
    }
    return [next]
  }
}
