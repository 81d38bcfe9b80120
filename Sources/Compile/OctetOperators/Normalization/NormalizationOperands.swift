import OctetGraph
import OctetTensor

extension [Operand] {
  /// Checks that the operand which is normalized is floating point and has at least this rank.
  func expectNormalizable(_ index: Int = 0, rank: Int = 1, of name: String) throws(OperatorError) {
    guard self[index].elementType.isFloatingPoint, self[index].shape.rank >= rank else {
      throw .mismatch(
        "operand of \(name)", expected: "floating point of rank \(rank) or more", found: "\(self[index].type)")
    }
  }

  /// Checks that an operand has one value per channel, axis 1, of another.
  func expectPerChannel(_ index: Int, of data: Int, _ name: String) throws(OperatorError) {
    let expected = PartialShape([self[data].shape[1]])
    guard self[index].elementType == self[data].elementType, self[index].shape.isCompatible(with: expected) else {
      throw .mismatch(
        "operand \(index) of \(name)", expected: "\(self[data].elementType)\(expected)", found: "\(self[index].type)")
    }
  }
}

/// Where ε stands.
package enum EpsilonPlace: Hashable, Sendable {
  /// √(variance + ε)
  case insideRoot
  /// √variance + ε
  case outsideRoot
}

/// (x − mean) / √(variance + ε) over groups of elements.
struct GroupStatistics {
  /// Replaces the elements of one group.
  ///
  /// - Parameter epsilon: nil leaves the variance alone.
  static func normalize(
    _ values: inout [Double], _ group: [Int], epsilon: Double?, _ place: EpsilonPlace = .insideRoot
  ) {
    guard !group.isEmpty else { return }
    let count = Double(group.count)
    let mean = group.reduce(0) { $0 + values[$1] } / count
    for index in group { values[index] -= mean }
    guard let epsilon else { return }
    let variance = group.reduce(0) { $0 + values[$1] * values[$1] } / count
    let deviation =
      switch place {
      case .insideRoot: (variance + epsilon).squareRoot()
      case .outsideRoot: variance.squareRoot() + epsilon
      }
    for index in group { values[index] /= deviation }
  }
}
