import COctetKernels

/// Softmax of f32 along one axis of [outer, axis, inner].
///
///     softmax:      y = e^(x − m) / Σ e^(x − m)      with m = max x
///     log-softmax:  y = (x − m) − ln Σ e^(x − m)
package struct SoftmaxF32: Sendable {
  private let prepared: PreparedKernel<octet_softmax_plan>

  package init(outer: Int, axis: Int, inner: Int = 1, logarithmic: Bool = false, cpu: CPU = .current) {
    precondition(outer >= 0 && axis >= 0 && inner >= 0, "negative extent in [\(outer), \(axis), \(inner)]")
    let plan = octet_softmax_plan(outer: outer, axis: axis, inner: inner, is_logarithmic: logarithmic)
    // An exponential costs about as much as reading ten bytes.
    prepared = PreparedKernel(
      RangeKernel(octet_softmax_f32_kernels(), cpu: cpu), plan: plan, constants: [],
      units: withUnsafePointer(to: plan) { octet_softmax_units($0) }, bytes: 18 * outer * axis * inner)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 60 bytes past the end of the source are read. The destination may be the source.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_softmax_arguments(
        plan: plan, source: source.assumingMemoryBound(to: Float.self),
        destination: destination.assumingMemoryBound(to: Float.self))
    }
  }
}
