import COctetKernels

/// Any function of one byte, by a table of its 256 results.
///
///     y = table[x]
///
/// A table for i8 is indexed by its bytes: −1 stands at 255.
package struct LookupU8: Sendable {
  private let prepared: PreparedKernel<octet_lookup_plan>

  /// Bytes to bytes.
  package init(_ table: [UInt8], _ layout: RowLayout, cpu: CPU = .current) {
    precondition(table.count == 256, "a table of \(table.count) bytes")
    let bytes = Constants(table)
    self.init(bytes: bytes.base, floats: nil, owner: bytes, layout.flattened, cpu: cpu)
  }

  /// Bytes to f32.
  package init(_ table: [Float], _ layout: RowLayout, cpu: CPU = .current) {
    precondition(table.count == 256, "a table of \(table.count) floats")
    let floats = Constants(table)
    self.init(bytes: nil, floats: floats.base, owner: floats, layout.flattened, cpu: cpu)
  }

  private init(
    bytes: UnsafePointer<UInt8>?, floats: UnsafePointer<Float>?, owner: any AnyObject & Sendable, _ layout: RowLayout,
    cpu: CPU
  ) {
    let plan = octet_lookup_plan(
      bytes: bytes, floats: floats, rows: layout.rows, columns: layout.columns, source_stride: layout.sourceStride,
      destination_stride: layout.destinationStride)
    prepared = PreparedKernel(
      RangeKernel(octet_lookup_u8_kernels(), cpu: cpu), plan: plan, constants: [owner],
      units: withUnsafePointer(to: plan) { octet_lookup_units($0) }, bytes: 2 * layout.elementCount)
  }

  package var kernelName: String { prepared.kernel.name }

  /// The destination may be the source when it holds bytes.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_lookup_arguments(
        plan: plan, source: source.assumingMemoryBound(to: UInt8.self), destination: destination)
    }
  }
}
