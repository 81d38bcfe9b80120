import OctetGraph
import OctetOperators

/// A function of u8 integers as a sum of functions whose results are u8 integers again:
/// f(dequantize(q)) = Σ dequantizeᵢ(tableᵢ[q]).
///
/// From step to step f grows by one of a few differences d, if it is made of straight lines: the sum of d · (how many steps
/// up to q have the difference d). ReLU where zero is no step grows by 0, once by a part of a step, and by whole ones.
struct GridSum {
  struct Term {
    let table: [UInt8]
    let dequantization: Dequantization
  }

  let terms: [Term]
  /// Whether f never falls: then f of the largest is the largest f.
  var isMonotone: Bool { terms.allSatisfy { $0.dequantization.scales[0] > 0 } }

  /// Every term is multiplied apart: with more of them, f32 is faster.
  private static let maximumTerms = 3
  /// Differences that are this close, relative to the scale, are one.
  private static let tolerance = 1e-9

  /// Nil when that takes too many terms.
  init?(_ function: any ElementwiseUnary, _ dequantization: Dequantization) {
    guard dequantization.isPerTensor else { return nil }
    let (scale, zeroPoint) = (dequantization.scales[0], dequantization.zeroPoints[0])
    let values = (0...255).map { function.apply((Double($0) - zeroPoint) * scale) }
    guard values.allSatisfy(\.isFinite) else { return nil }
    var differences: [(value: Double, count: Int)] = []
    var steps: [Int?] = [nil]
    for (previous, value) in zip(values, values.dropFirst()) {
      let difference = value - previous
      guard abs(difference) > Self.tolerance * abs(scale) else {
        steps.append(nil)
        continue
      }
      if let index = differences.firstIndex(where: { abs($0.value - difference) <= Self.tolerance * abs(scale) }) {
        differences[index].count += 1
        steps.append(index)
      } else {
        guard differences.count < Self.maximumTerms else { return nil }
        steps.append(differences.count)
        differences.append((difference, 1))
      }
    }
    // What f begins with is the zero point of the term that takes part most. One that never grows is a constant.
    if differences.isEmpty { differences.append((values[0] == 0 ? 1 : values[0], 0)) }
    let main = differences.indices.max { differences[$0].count < differences[$1].count }
    terms = differences.indices.map { index in
      var count: UInt8 = 0
      let table = steps.map { step in
        if step == index { count += 1 }
        return count
      }
      let difference = differences[index].value
      return Term(
        table: table,
        dequantization: Dequantization(scale: difference, zeroPoint: index == main ? 0 - values[0] / difference : 0))
    }
  }
}
