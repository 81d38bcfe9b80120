import COctetKernels

/// Dequantizes u8 or i8 to f32, changing the layout on the way.
///
///     y = clamp(x·scale[c] + shift[c], minimum, maximum)
package struct DequantizeF32: Sendable {
  private let prepared: PreparedKernel<octet_dequantize_plan>

  /// `scale` and `shift` hold one value, or one per channel.
  package init(
    _ change: LayoutChange, signed: Bool, scale: [Float], shift: [Float],
    clamp: ClosedRange<Float> = -.infinity ... .infinity, cpu: CPU = .current
  ) {
    var values = [scale.perChannel(change.channels), shift.perChannel(change.channels)]
    let change = change.simplified(&values, transposition: OCTET_CHANNELS_LAST_TO_PLANAR)
    precondition(
      change.source != .planar || change.destination == .planar, "dequantization does not change to channels-last")
    let constants = values.map(Constants.init)
    let plan = octet_dequantize_plan(
      layout: change.plan, scale: constants[0].base, shift: constants[1].base,
      minimum: clamp.lowerBound, maximum: clamp.upperBound, is_signed: signed)
    prepared = PreparedKernel(
      RangeKernel(octet_dequantize_f32_kernels(), cpu: cpu), plan: plan, constants: constants,
      units: change.units, bytes: 5 * change.elementCount)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 15 bytes past the end of the source are read.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_dequantize_arguments(
        plan: plan, source: source.assumingMemoryBound(to: UInt8.self),
        destination: destination.assumingMemoryBound(to: Float.self))
    }
  }
}
