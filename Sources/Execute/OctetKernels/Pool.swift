import COctetKernels

/// Pools channels-last images of one to three spatial axes.
///
///     maximum:  y = max of x over the taps
///     average:  v = (Σ x over the taps − zeroPoint·taps) / divisor,  y = v·scale[c] + shift[c]
///
/// Taps in the padding are skipped. A window without taps has the least value as its maximum, and the sum 0.
package struct Pool: Sendable {
  private let prepared: PreparedKernel<octet_pool_plan>

  /// Maximum pooling, in the element type of the source.
  package init(maximumOf element: VectorElement, _ geometry: PoolGeometry, cpu: CPU = .current) {
    self.init(geometry, divisor: .taps, cpu: cpu) { plan in
      plan.operation = OCTET_POOL_MAXIMUM
      plan.source_type = element.code
      plan.destination_type = element.code
      return []
    }
  }

  /// Average pooling; `scale` and `shift` hold one value, or one per channel.
  package init(
    averageOf element: VectorElement, _ geometry: PoolGeometry, divisor: PoolGeometry.Divisor, zeroPoint: Float = 0,
    scale: [Float] = [1], shift: [Float] = [0], result: VectorResult = .f32, cpu: CPU = .current
  ) {
    self.init(geometry, divisor: divisor, cpu: cpu) { plan in
      let constants = [scale, shift].map { Constants($0.perChannel(geometry.channels)) }
      plan.operation = OCTET_POOL_AVERAGE
      plan.source_type = element.code
      plan.destination_type = result.element
      plan.scale = constants[0].base
      plan.shift = constants[1].base
      plan.zero_point = zeroPoint
      (plan.low, plan.high) = result.bounds
      return constants
    }
  }

  /// `complete` fills in what depends on the operation, and returns the constants it points at.
  private init(
    _ geometry: PoolGeometry, divisor: PoolGeometry.Divisor, cpu: CPU,
    complete: (inout octet_pool_plan) -> [Constants<Float>]
  ) {
    let windows = geometry.windows(divisor).map(Constants.init)
    let axes = geometry.threeAxes
    var plan = octet_pool_plan()
    let constants = complete(&plan)
    plan.batch = geometry.batch
    plan.channels = geometry.channels
    plan.source_stride = geometry.sourceStride
    plan.destination_stride = geometry.destinationStride
    assign(axes.map(\.input), to: &plan.input)
    assign(axes.map(\.output), to: &plan.output)
    assign(axes.map(\.dilation), to: &plan.dilation)
    plan.windows = (windows[0].base, windows[1].base, windows[2].base)
    let outputs = axes.reduce(geometry.batch) { $0 * $1.output }
    let taps = axes.reduce(1) { $0 * min($1.kernel, $1.input) }
    prepared = PreparedKernel(
      RangeKernel(octet_pool_kernels(), cpu: cpu), plan: plan, constants: windows + constants,
      units: withUnsafePointer(to: plan) { octet_pool_units($0) }, bytes: outputs * (taps + 4) * geometry.channels)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 63 bytes past the end of the source are read.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { octet_pool_arguments(plan: $0, source: source, destination: destination) }
  }
}
