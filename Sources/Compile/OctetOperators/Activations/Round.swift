import OctetGraph
package import OctetKernels

/// y = the integer nearest to x; ties go to the even one or away from zero  (opset5)
package struct Round: ElementwiseUnary {
  package enum Ties: String, CaseIterable, Sendable {
    case toEven = "half_to_even"
    case awayFromZero = "half_away_from_zero"
  }

  package static let name = "Round"
  package let ties: Ties

  package init(ties: Ties) { self.ties = ties }

  package var attributes: String { ties.rawValue }

  package func apply(_ x: Double) -> Double {
    x.rounded(ties == .toEven ? .toNearestOrEven : .toNearestOrAwayFromZero)
  }

  package var kernelOperation: UnaryF32.Operation? { ties == .toEven ? .roundHalfEven : .roundHalfAway }
}
