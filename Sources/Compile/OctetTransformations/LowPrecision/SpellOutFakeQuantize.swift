import OctetGraph
import OctetOperators
import OctetTensor

/// `FakeQuantize(x)`  ⇒  `round((clamp(x) − inputLow) · s) · t + outputLow`, in f32, where no byte holds its steps: more than
/// 256 levels, or ranges that differ from position to position.
///
/// Whatever computes x may apply the steps before it stores. What is left are ranges that are empty, turned around or not
/// constant: the definition runs them. OpenVINO's FakeQuantizeDecomposition.
struct SpellOutFakeQuantize: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let fakeQuantize = node.op as? FakeQuantize, node.type.elementType == .f32,
      graph.constant(node.operands[0]) == nil
    else { return nil }
    let bounds = node.operands.dropFirst().compactMap { graph.constant($0) }
    guard bounds.count == 4, let ranges = Ranges(bounds, levels: fakeQuantize.levels) else { return nil }

    var patch = GraphPatch(to: graph)
    let reason = fakeQuantize.refusal(graph.operands(of: node))
    var value = node.operands[0]
    func apply(_ op: any Operator, _ constant: Tensor?) {
      let operands = constant.map { [value, patch.addConstant($0, from: node)] } ?? [value]
      value = patch.add(op, operands, from: node, fused: [], reason: reason)
    }
    if let low = ranges.uniformLow, let high = ranges.uniformHigh, let clamp = try? Clamp(minimum: low, maximum: high) {
      apply(clamp, nil)
    } else {
      apply(Maximum(), bounds[0])
      apply(Minimum(), bounds[1])
    }
    apply(Subtract(), bounds[0])
    apply(Multiply(), ranges.stepsPerUnit)
    apply(Round(ties: .toEven), nil)
    apply(Multiply(), ranges.unitsPerStep)
    apply(Add(), bounds[2])
    patch.replace(node.value, with: value)
    return patch
  }

  /// What four constants that broadcast say.
  private struct Ranges {
    let uniformLow: Double?
    let uniformHigh: Double?
    let stepsPerUnit: Tensor
    let unitsPerStep: Tensor

    /// Nil where a range is empty or turned around.
    init?(_ bounds: [Tensor], levels: Int) {
      let steps = Tensor(.f64, .scalar, converting: [Double(levels - 1)])
      let precise = bounds.map { Tensor(.f64, $0.shape, converting: $0.doubles) }
      guard let input = try? Subtract().evaluate([precise[1], precise[0]])[0],
        let output = try? Subtract().evaluate([precise[3], precise[2]])[0],
        input.doubles.allSatisfy({ $0 > 0 }),
        let factors = try? Divide().evaluate([steps, input])[0],
        let units = try? Divide().evaluate([output, steps])[0]
      else { return nil }
      stepsPerUnit = Tensor(.f32, factors.shape, converting: factors.doubles)
      unitsPerStep = Tensor(.f32, units.shape, converting: units.doubles)
      guard (stepsPerUnit.doubles + unitsPerStep.doubles).allSatisfy(\.isFinite) else { return nil }
      uniformLow = Set(bounds[0].doubles).count == 1 ? bounds[0].doubles[0] : nil
      uniformHigh = Set(bounds[1].doubles).count == 1 ? bounds[1].doubles[0] : nil
    }
  }
}
