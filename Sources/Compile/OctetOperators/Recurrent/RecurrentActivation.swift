import Glibc
package import OctetGraph

/// A nonlinearity of a recurrent cell.
package struct RecurrentActivation: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case sigmoid, tanh, relu
    case hardSigmoid = "hardsigmoid"
  }

  package let kind: Kind
  package let alpha: Double
  package let beta: Double

  package init(_ kind: Kind, alpha: Double = 0.2, beta: Double = 0.5) {
    self.kind = kind
    self.alpha = alpha
    self.beta = beta
  }

  func apply(_ x: Double) -> Double {
    switch kind {
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Glibc.tanh(x)
    case .relu: max(x, 0)
    case .hardSigmoid: max(0, min(1, alpha * x + beta))
    }
  }
}

/// What all recurrent cells have.
package struct RecurrentSettings: Hashable, Sendable {
  package let hiddenSize: Int
  package let activations: [RecurrentActivation]
  /// Sums of products are cut to ±clip before an activation; nil: never.
  package let clip: Double?
  /// Whether operand 0 is W·x already: there is no W then, and the bias is added to that.
  package var readsProjections = false

  package init(hiddenSize: Int, activations: [RecurrentActivation], clip: Double?) throws(OperatorError) {
    guard (1...1 << 20).contains(hiddenSize) else {
      throw .mismatch("hidden_size", expected: "1 to \(1 << 20)", found: "\(hiddenSize)")
    }
    self.hiddenSize = hiddenSize
    self.activations = activations
    self.clip = clip
  }

  func activate(_ index: Int, _ x: Double) -> Double {
    activations[index].apply(clip.map { max(-$0, min($0, x)) } ?? x)
  }
}
