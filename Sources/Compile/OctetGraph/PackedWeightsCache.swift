package import OctetTensor
import Synchronization

/// Weights in the order that kernels read, shared by all plans of a model.
package final class PackedWeightsCache: Sendable {
  private struct Key: Hashable {
    let constant: ObjectIdentifier
    let packing: String
  }

  private struct Entry {
    let packed: any Sendable
    /// Keeps the constant alive, so that its identity stays its own.
    let source: TensorStorage
    let byteCount: Int
  }

  private let entries = Mutex([Key: Entry]())

  package init() {}

  package var byteCount: Int { entries.withLock { $0.values.reduce(0) { $0 + $1.byteCount } } }

  /// The packed form of `constant`, made on first use.
  ///
  /// - Parameter packing: names the order; everything that changes the packed bytes must be part of it.
  package func packed<Packed: Sendable>(
    _ constant: Tensor, _ packing: String, byteCount: (Packed) -> Int, make: () -> Packed
  ) -> Packed {
    let key = Key(constant: ObjectIdentifier(constant.storage), packing: packing)
    if let known = entries.withLock({ $0[key] })?.packed as? Packed { return known }
    let packed = make()
    let entry = Entry(packed: packed, source: constant.storage, byteCount: byteCount(packed))
    return entries.withLock { entries in
      if let known = entries[key]?.packed as? Packed { return known }
      entries[key] = entry
      return packed
    }
  }
}
