import COctetKernels

/// Takes u8 or i8 from one grid to another, of u8.
///
///     q′ = clamp(roundHalfEven(q·scale[c] + shift[c]), low, high)
package struct RequantizeU8: Sendable {
  private let prepared: PreparedKernel<octet_requantize_plan>

  /// `scale` and `shift` hold one value, or one per channel. The layout does not change, only the distance of pixels.
  package init(
    _ change: LayoutChange, signed: Bool, scale: [Float], shift: [Float], low: Int32, high: Int32,
    cpu: CPU = .current
  ) {
    precondition(0 <= low && low <= high && high <= 255, "bounds \(low)...\(high)")
    var values = [scale.perChannel(change.channels), shift.perChannel(change.channels)]
    let change = change.simplified(&values, transposition: OCTET_CHANNELS_LAST_TO_PLANAR)
    precondition((change.source == .planar) == (change.destination == .planar), "requantization keeps the layout")
    let constants = values.map(Constants.init)
    let plan = octet_requantize_plan(
      layout: change.plan, scale: constants[0].base, shift: constants[1].base, low: Float(low), high: Float(high),
      is_signed: signed)
    prepared = PreparedKernel(
      RangeKernel(octet_requantize_u8_kernels(), cpu: cpu), plan: plan, constants: constants,
      units: change.units, bytes: 2 * change.elementCount)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 15 bytes past the end of the source are read.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_requantize_arguments(
        plan: plan, source: source.assumingMemoryBound(to: UInt8.self),
        destination: destination.assumingMemoryBound(to: UInt8.self))
    }
  }
}
