/// Why a request gets no answer: one sentence for whoever sent it.
package enum ServingError: Error, Hashable, Sendable {
  case unknownModel(String)
  case unknownVersion(model: String, version: Int)
  case unknownLabel(model: String, label: String)
  /// The model is known, but loading it has not finished or has failed.
  case notReady(model: String, reason: String)
  case queueFull(model: String, waiting: Int)
  case deadlineExceeded(model: String)
  /// The client hung up while its request waited.
  case clientGone
  /// The request's tensors are not what the model takes.
  case invalidInput(String)
  /// The fault is ours or the model's.
  case failed(String)
}

extension ServingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownModel(let name): "there is no model '\(name)'"
    case .unknownVersion(let model, let version): "model '\(model)' has no version \(version)"
    case .unknownLabel(let model, let label): "model '\(model)' has no label '\(label.prefix(64))'"
    case .notReady(let model, let reason): "model '\(model)' is not ready: \(reason)"
    case .queueFull(let model, let waiting):
      "model '\(model)' already has \(waiting) requests waiting; try again later"
    case .deadlineExceeded(let model): "the request's deadline passed while it waited for model '\(model)'"
    case .clientGone: "the client closed its connection while the request waited"
    case .invalidInput(let reason), .failed(let reason): reason
    }
  }
}
