/// Why a model, or data for it, cannot be used: one sentence that names the file or layer, what was expected and what
/// was found.
package struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Cause: Hashable, Sendable {
    /// The model itself is broken or uses something that Octet does not have.
    case model
    /// The model is fine; these inputs are not for it.
    case input
  }

  package let cause: Cause
  package let description: String

  package init(_ cause: Cause, _ description: String) {
    self.cause = cause
    self.description = description
  }

  package static func model(_ description: String) -> ModelError { ModelError(.model, description) }
  package static func input(_ description: String) -> ModelError { ModelError(.input, description) }

  /// The same error with the place in front: `model.xml: layer 'conv1': …`.
  package func located(at place: String) -> ModelError { ModelError(cause, "\(place): \(description)") }
}
