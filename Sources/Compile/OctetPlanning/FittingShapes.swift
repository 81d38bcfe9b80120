import OctetGraph
import OctetRuntime
import OctetTensor

/// Input shapes of a model whose open extents are not as open as it says: the length of a row that weights multiply, the
/// batch of a constant state, the channels of a picture that has them last.
///
/// What such an axis must be stands in the model: the extents of its constants are tried for one open axis, then for two.
struct FittingShapes: Sequence, IteratorProtocol {
  /// More candidates than this only make a model that cannot run slow to refuse.
  private static let maximumCandidates = 32
  private static let maximumAttempts = 2048
  private static let otherExtents = [1, 8, 32]

  private struct Choice {
    let input: Int
    let axis: Int
    let extent: Int
  }

  private let graph: Graph
  private let bases: [[Shape]]
  private let choices: [Choice]
  private var position = 0

  init(_ graph: Graph, _ signature: ModelSignature) {
    self.graph = graph
    bases = Self.otherExtents.map { signature.inputShapes(openExtent: $0) }
    let constants = graph.topologicalOrder.compactMap { graph.constant(Value($0)) }
    let extents = Set(constants.flatMap(\.shape.extents).filter { $0 > 1 }).sorted().prefix(Self.maximumCandidates)
    choices = signature.inputs.enumerated().flatMap { input, port in
      port.type.shape.dimensions.enumerated().filter { $0.element.fixedExtent == nil }.flatMap { axis, dimension in
        extents.filter(dimension.accepts).map { Choice(input: input, axis: axis, extent: $0) }
      }
    }
  }

  /// The next ones for which every operator knows what it gives.
  mutating func next() -> [Shape]? {
    while position < Self.maximumAttempts, let shapes = shapes(at: position) {
      position += 1
      if let shapes, (try? graph.specialized(to: shapes)) != nil { return shapes }
    }
    return nil
  }

  /// First every choice by itself, then every pair, each with every extent for the other axes. Nil behind the last; nil
  /// inside where two choices are of one axis or the shape is none.
  private func shapes(at position: Int) -> [Shape]?? {
    let (index, base) = position.quotientAndRemainder(dividingBy: bases.count)
    if index < choices.count { return .some(applying([choices[index]], to: bases[base])) }
    let (first, second) = (index - choices.count).quotientAndRemainder(dividingBy: Swift.max(choices.count, 1))
    guard first < choices.count else { return nil }
    let (a, b) = (choices[first], choices[second])
    return .some(first < second && (a.input, a.axis) != (b.input, b.axis) ? applying([a, b], to: bases[base]) : nil)
  }

  private func applying(_ choices: [Choice], to base: [Shape]) -> [Shape]? {
    var shapes = base
    for choice in choices {
      var extents = shapes[choice.input].extents
      extents[choice.axis] = choice.extent
      guard let shape = Shape(extents) else { return nil }
      shapes[choice.input] = shape
    }
    return shapes
  }
}
