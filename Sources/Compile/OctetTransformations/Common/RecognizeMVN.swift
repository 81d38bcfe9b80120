import OctetGraph
import OctetOperators
import OctetTensor

/// `d / √(mean(d²) + ε)` with `d = x − mean(x)`  ⇒  `MVN(x)`: layer normalization as frameworks export it.
///
/// Scale and shift stay behind it.
struct RecognizeMVN: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let root = RootedDivision(node, in: graph), root.place != .maximum else { return nil }
    let difference = graph.producer(of: root.numerator)
    guard difference.op is Subtract, let x = difference.operands.first else { return nil }
    guard let (averaged, axes) = root.mean(difference.operands[1]), averaged == x else { return nil }
    guard let (squares, ownAxes) = root.mean(root.sum), ownAxes == axes else { return nil }
    let square = graph.producer(of: squares)
    let isVariance =
      root.isSquare(square, of: root.numerator)
      || (square.op is SquaredDifference && Set(square.operands) == Set(difference.operands))
    guard isVariance else { return nil }
    let place: EpsilonPlace = root.place == .outsideRoot ? .outsideRoot : .insideRoot
    guard
      let normalization = try? MVN(
        axes: .listed(axes), normalizesVariance: true, epsilon: root.epsilon, epsilonPlace: place)
    else { return nil }

    var patch = GraphPatch(to: graph)
    patch.replace(node.value, with: patch.add(normalization, [x], from: node))
    return patch
  }
}
