import OctetTensor
package import OctetGraph
package import OctetKernels

/// y = max(x, 0)  (opset1)
package struct ReLU: ElementwiseUnary {
  package static let name = "ReLU"

  package init() {}

  package func apply(_ x: Double) -> Double { x > 0 ? x : (x.isNaN ? x : 0) }

  /// max(q·s, 0) = q·s for unsigned q without a zero point: nothing is left to do, so it may run on the integers.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard let dequantization = incoming[0], operands[0].elementType == .u8,
      dequantization.scales.allSatisfy({ $0 >= 0 }), dequantization.zeroPoints.allSatisfy({ $0 == 0 })
    else { return nil }
    return [dequantization]
  }

  package var kernelOperation: UnaryF32.Operation? { .relu }
}
