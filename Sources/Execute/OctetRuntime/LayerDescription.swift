/// What runs for one layer of the model, as `octet explain` prints it and metrics label it.
package struct LayerDescription: Sendable, Hashable {
  package let name: String
  /// The model's own type name, such as Convolution.
  package let operatorName: String
  /// The precision it computes in: int8, f32, …
  package let precision: String
  package let kernel: String
  /// Names of the layers that were fused into this one.
  package let fused: [String]
  /// Why it is not INT8, or nil when it is, or need not be.
  package let reason: String?
  /// Multiply-accumulate operations of one execution.
  package let macs: Int

  package init(
    name: String, operatorName: String, precision: String, kernel: String, fused: [String], reason: String?, macs: Int
  ) {
    self.name = name
    self.operatorName = operatorName
    self.precision = precision
    self.kernel = kernel
    self.fused = fused
    self.reason = reason
    self.macs = macs
  }
}
