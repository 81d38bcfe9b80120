import OctetGraph
package import OctetKernels

/// y = max(0, min(1, α · x + β)); operands x, α, β  (opset1)
package struct HardSigmoid: ParametricUnary {
  package static let name = "HardSigmoid"
  package static let parameterCounts = 2...2

  package init() {}

  package static func apply(_ x: Double, _ parameters: [Double]) -> Double {
    max(0, min(1, parameters[0] * x + parameters[1]))
  }

  package static func kernelOperation(_ parameters: [Float]) -> UnaryF32.Operation? {
    .hardSigmoid(alpha: parameters[0], beta: parameters[1])
  }
}
