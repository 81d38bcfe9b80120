package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Reduction {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try ReductionPrimitive(self, site) ?? ReferencePrimitive(self, site)
  }
}

/// Reduces an f32 tensor along axes that are neighbours.
struct ReductionPrimitive: Primitive {
  private let kernel: ReductionF32

  /// Nil for what the kernel does not compute.
  init?(_ reduction: some Reduction, _ site: LoweringSite) throws(OperatorError) {
    let shape = try site.shape(ofOperand: 0)
    guard let operation = Self.operation(of: reduction), site.operands[0].elementType == .f32,
      let axes = Self.range(try reduction.axes(site.operands), in: shape), shape.count(in: axes) > 0
    else { return nil }
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    kernel = ReductionF32(
      operation, outer: shape.count(in: 0..<axes.lowerBound), axis: shape.count(in: axes),
      inner: shape.count(in: axes.upperBound..<shape.rank), cpu: site.cpu)
  }

  private static func operation(of reduction: some Reduction) -> ReductionF32.Operation? {
    switch reduction {
    case is ReduceSum: .sum
    case is ReduceMean: .mean
    case is ReduceMax: .maximum
    case is ReduceMin: .minimum
    case is ReduceProd: .product
    default: nil
    }
  }

  /// The axes as one range, where only axes of extent 1 lie between them.
  private static func range(_ axes: Set<Int>, in shape: Shape) -> Range<Int>? {
    let long = axes.filter { shape[$0] != 1 }
    guard let first = long.min(), let last = long.max() else { return 0..<0 }
    return (first...last).allSatisfy { axes.contains($0) || shape[$0] == 1 } ? first..<last + 1 : nil
  }

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}
