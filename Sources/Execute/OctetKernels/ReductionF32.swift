import COctetKernels

/// Reduces f32 along one axis of [outer, axis, inner] to [outer, inner].
///
///     y = Σ x,  Σ x / n,  max x,  min x  or  Π x
///
/// Maxima and minima ignore NaN. An axis without elements gives 0, NaN, −∞, ∞ or 1.
package struct ReductionF32: Sendable {
  package enum Operation: Hashable, Sendable, CaseIterable {
    case sum, mean, maximum, minimum, product

    fileprivate var code: octet_reduction_operation {
      switch self {
      case .sum: OCTET_REDUCE_SUM
      case .mean: OCTET_REDUCE_MEAN
      case .maximum: OCTET_REDUCE_MAXIMUM
      case .minimum: OCTET_REDUCE_MINIMUM
      case .product: OCTET_REDUCE_PRODUCT
      }
    }
  }

  private let prepared: PreparedKernel<octet_reduction_plan>

  package init(_ operation: Operation, outer: Int, axis: Int, inner: Int = 1, cpu: CPU = .current) {
    precondition(outer >= 0 && axis >= 0 && inner >= 0, "negative extent in [\(outer), \(axis), \(inner)]")
    let plan = octet_reduction_plan(operation: operation.code, outer: outer, axis: axis, inner: inner)
    prepared = PreparedKernel(
      RangeKernel(octet_reduction_f32_kernels(), cpu: cpu), plan: plan, constants: [],
      units: withUnsafePointer(to: plan) { octet_reduction_units($0) }, bytes: 4 * outer * (axis + 1) * inner)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 60 bytes past the end of the source are read.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_reduction_arguments(
        plan: plan, source: source.assumingMemoryBound(to: Float.self),
        destination: destination.assumingMemoryBound(to: Float.self))
    }
  }
}
