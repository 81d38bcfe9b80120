import OctetGraph
package import OctetKernels

/// y[i] = f(x[i]; p…) whose parameters are known.
package struct BoundUnary<Function: ParametricUnary>: ElementwiseUnary {
  package static var name: String { Function.name }
  package let parameters: [Double]

  /// Fails for another number of parameters than f has.
  package init?(_ parameters: [Double]) {
    guard Function.parameterCounts.contains(parameters.count) else { return nil }
    self.parameters = parameters
  }

  package var attributes: String { parameters.map { "\(Float($0))" }.joined(separator: ", ") }
  package func apply(_ x: Double) -> Double { Function.apply(x, parameters) }
  package var kernelOperation: UnaryF32.Operation? { Function.kernelOperation(parameters.map { Float($0) }) }
}
