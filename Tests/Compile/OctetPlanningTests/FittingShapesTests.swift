import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Models whose open extents are not as open as they say: what fits is found when they are loaded.
@Suite struct FittingShapesTests {
  private func expectFit(_ g: GraphBuilder, _ found: [Shape], _ requested: Shape) throws {
    let model = try ModelCompiler().compile(g.graph)
    #expect(model.smallestInputShapes == found)
    var random = SeededRandom(seed: 3)
    let inputs = [random.tensor(.f32, requested, in: -1...1)]
    let expected = try Interpreter(g.graph.specialized(to: [requested])).run(inputs)
    #expect(largestDifference(try execute(g.graph, inputs)[0].doubles, expected[0].doubles) <= 1e-5)
  }

  @Test func rowsAreAsLongAsTheWeights() throws {
    let g = GraphBuilder()
    let weights = try g.randomConstant([31, 5])
    g.output(
      try g.add(MatMul(transposeA: false, transposeB: false), try g.input("x", [.dynamic, 9, .dynamic]), weights))
    try expectFit(g, [[1, 9, 31]], [2, 9, 31])
  }

  @Test func picturesHaveTheirChannelsLast() throws {
    let g = GraphBuilder()
    let x = try g.transpose(try g.input("x", [1, .dynamic, .dynamic, .dynamic]), [0, 3, 1, 2])
    g.output(try g.convolution(x, try g.randomConstant([4, 3, 5, 5])))
    try expectFit(g, [[1, 8, 8, 3]], [1, 9, 7, 3])
  }

  @Test func twoAxesMayFitTogether() throws {
    let g = GraphBuilder()
    g.output(try g.concat([try g.input("x", [.dynamic, .dynamic, 4]), try g.randomConstant([6, 7, 2])], axis: 2))
    try expectFit(g, [[6, 7, 4]], [6, 7, 4])
  }

  @Test func whatNeverFitsIsRefused() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [1, .dynamic])
    for (name, extent) in [("a", 31), ("b", 30)] {
      let weights = try g.randomConstant(Shape(valid: [extent, 4]))
      g.output(try g.add(MatMul(transposeA: false, transposeB: false), x, weights), name)
    }
    #expect(throws: (any Error).self) { try ModelCompiler().compile(g.graph) }
  }

  /// Passes may know more of an extent that stays open than the operators they replace, or less.
  @Test func boundsOfOpenExtentsMayDiffer() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [.bounded(1...64), 3, .bounded(1...64), .bounded(1...64)])
    let padded = try g.add(
      Pad(mode: .constant), x, try g.integers([0, 0, 2, 1]), try g.integers([0, 0, 0, 3]))
    g.output(try g.convolution(padded, try g.randomConstant([4, 3, 3, 3])))
    try expectFit(g, [[1, 3, 1, 1]], [2, 3, 6, 5])
  }
}
