package import OctetRuntime
package import OctetTensor

#if canImport(Glibc)
  import Glibc
#endif

/// How much memory an inference may take: models and requests decide shapes, and an absurd one must not end the process.
package struct MemoryLimit: Hashable, Sendable {
  package let byteCount: Int

  package init(byteCount: Int) { self.byteCount = byteCount }

  /// What the machine has; what no system call tells counts as unlimited.
  package static let physical: MemoryLimit = {
    let (bytes, overflow) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
    return MemoryLimit(byteCount: overflow || bytes <= 0 ? .max : bytes)
  }()

  /// Checks the memory of a plan.
  package func check(_ byteCount: Int) throws(ModelError) {
    guard byteCount <= self.byteCount else { throw .model(refusal(of: byteCount)) }
  }

  /// Checks the results of an operator that runs by its meaning, which is computed in f64: no element takes less. Shapes
  /// that only evaluation decides hold no more than the operands.
  package func check(_ results: [TensorType]) throws(OperatorError) {
    var total = 0
    for type in results {
      guard let shape = type.shape.fixed else { continue }
      // At most 2⁴⁰ elements in each: nothing overflows before it is refused.
      total += shape.elementCount * MemoryLayout<Double>.size
      guard total <= byteCount else { throw OperatorError(refusal(of: total)) }
    }
  }

  private func refusal(of byteCount: Int) -> String {
    "an inference would take \(byteCount >> 20) MiB of memory, and may take \(self.byteCount >> 20) MiB"
  }
}

extension Node {
  /// The results for these operand values by the operator's meaning.
  package func evaluate(_ operands: [Tensor], within limit: MemoryLimit) throws(OperatorError) -> [Tensor] {
    let isDecided = types.allSatisfy { $0.shape.fixed != nil }
    // Types first: values may ask for more than there is.
    try limit.check(isDecided ? types : op.resultTypes(operands.map { Operand(type: $0.type, constant: $0) }))
    return try op.evaluate(operands)
  }
}
