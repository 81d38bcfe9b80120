import COctetKernels

/// Quantizes f32 to u8 or i8, changing the layout on the way.
///
///     q = clamp(roundHalfEven(x·scale[c] + shift[c]), low, high) + offset
///
/// NaN gives low + offset.
package struct QuantizeF32: Sendable {
  private let prepared: PreparedKernel<octet_quantize_plan>

  /// `scale` and `shift` hold one value, or one per channel. `offset` is added after rounding, as ONNX does with the zero
  /// point. `written` bytes of every pixel are written from planar to channels-last, those past the channels as zeros.
  package init(
    _ change: LayoutChange, scale: [Float], shift: [Float], low: Int32, high: Int32, offset: Int32 = 0,
    written: Int? = nil, cpu: CPU = .current
  ) {
    precondition(-512 <= low && low <= high && high <= 511, "bounds \(low)...\(high)")
    var values = [scale.perChannel(change.channels), shift.perChannel(change.channels)]
    let written = written ?? change.channels
    let pixel = change.destination.stride(change.channels)
    precondition((change.channels...pixel).contains(written), "\(written) bytes written per pixel of \(pixel)")
    let change =
      written == change.channels ? change.simplified(&values, transposition: OCTET_PLANAR_TO_CHANNELS_LAST) : change
    precondition(
      change.source == .planar || change.destination != .planar, "quantization does not change to a planar layout")
    let constants = values.map(Constants.init)
    let plan = octet_quantize_plan(
      layout: change.plan, scale: constants[0].base, shift: constants[1].base, low: Float(low), high: Float(high),
      offset: offset, written: written)
    prepared = PreparedKernel(
      RangeKernel(octet_quantize_f32_kernels(), cpu: cpu), plan: plan, constants: constants,
      units: change.units, bytes: 5 * change.elementCount)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 60 bytes past the end of the source are read.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_quantize_arguments(
        plan: plan, source: source.assumingMemoryBound(to: Float.self),
        destination: destination.assumingMemoryBound(to: UInt8.self))
    }
  }
}

extension [Float] {
  /// One value for every channel, from one for all or one for each.
  func perChannel(_ channels: Int) -> [Float] {
    precondition(count == 1 || count == channels, "\(count) values for \(channels) channels")
    return count == 1 ? Array(repeating: self[0], count: channels) : self
  }
}
