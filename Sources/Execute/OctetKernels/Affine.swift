import COctetKernels

/// x·scale + shift, with one value for a whole tensor or one for every column, the positions along its last axis.
package struct Affine: Hashable, Sendable {
  package var scale: [Float], shift: [Float]

  package init(scale: [Float] = [1], shift: [Float] = [0]) {
    self.scale = scale
    self.shift = shift
  }

  package static let identity = Affine()

  var isPerColumn: Bool { scale.count != 1 || shift.count != 1 }

  /// What the kernel reads, and the constants that it points at.
  func prepared(columns: Int) -> (affine: octet_affine, constants: [Constants<Float>]) {
    if self == .identity { return (octet_affine(kind: OCTET_AFFINE_NONE, scale: nil, shift: nil), []) }
    let constants = [scale, shift].map { Constants(isPerColumn ? $0.perChannel(columns) : $0) }
    let kind = isPerColumn ? OCTET_AFFINE_PER_COLUMN : OCTET_AFFINE_SCALAR
    return (octet_affine(kind: kind, scale: constants[0].base, shift: constants[1].base), constants)
  }
}
