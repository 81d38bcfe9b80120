import OctetTensor

/// What a scatter does where it writes: replace the value, or combine it with every update that comes there.
package enum ScatterReduction: String, CaseIterable, Sendable {
  case replace = "none"
  case sum, prod, min, max, mean

  func combine(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .replace: b
    case .sum, .mean: a + b
    case .prod: a * b
    case .min: Swift.min(a, b)
    case .max: Swift.max(a, b)
    }
  }
}

extension Tensor {
  /// Combines element `sources[k]` of `updates` into element `places[k]`, in order.
  ///
  /// - Parameter usesInitial: whether the element's own value takes part, or only the updates.
  func scattering(
    _ places: [Int], from sources: [Int], of updates: Tensor, _ reduction: ScatterReduction, usesInitial: Bool
  ) -> Tensor {
    if reduction == .replace { return replacing(places, by: sources, of: updates) }
    var values = doubles
    let additions = updates.doubles
    var counts: [Int: Int] = [:]
    for (place, source) in zip(places, sources) {
      let isFirst = counts[place] == nil && !usesInitial
      values[place] = isFirst ? additions[source] : reduction.combine(values[place], additions[source])
      counts[place, default: usesInitial ? 1 : 0] += 1
    }
    if reduction == .mean {
      for (place, count) in counts {
        let mean = values[place] / Double(count)
        // Integer means round towards minus infinity, as OpenVINO's do.
        values[place] = elementType.isInteger ? mean.rounded(.down) : mean
      }
    }
    return Tensor(elementType, shape, converting: values)
  }
}
