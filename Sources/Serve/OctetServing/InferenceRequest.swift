package import OctetTensor

/// One inference to do: a tensor for each input of the model, in the order of its signature.
package struct InferenceRequest: Sendable {
  package let inputs: [Tensor]
  /// How long the client is willing to wait before its inference starts; the model's own limit holds as well.
  package let patience: Duration?
  /// 1 goes first; nil has the priority that the model gives to requests that name none.
  package let priority: Int?
  /// Asked just before a request that had to wait is run: whether nobody is there any more to read the answer.
  package let isAbandoned: @Sendable () -> Bool

  package init(
    inputs: [Tensor], patience: Duration? = nil, priority: Int? = nil,
    isAbandoned: @escaping @Sendable () -> Bool = { false }
  ) {
    self.inputs = inputs
    self.patience = patience
    self.priority = priority
    self.isAbandoned = isAbandoned
  }
}

/// The answer: a tensor for each output of the model, in the order of its signature.
package struct InferenceResponse: Sendable {
  package let outputs: [Tensor]

  package init(outputs: [Tensor]) { self.outputs = outputs }
}
