import OctetGraph
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// Images that are resampled, against the meaning, on every instruction set.
@Suite struct InterpolateLoweringTests {
  private func interpolate(
    _ g: GraphBuilder, _ x: Value, _ mode: InterpolationSampling.Mode, sizes: [Int], axes: [Int] = [2, 3],
    coordinates: InterpolationSampling.Coordinates = .halfPixel, antialias: Bool = false
  ) throws -> Value {
    let sampling = InterpolationSampling(
      mode: mode, coordinates: coordinates, rounding: .preferFloor, antialias: antialias, cubeCoefficient: -0.75)
    let op = try Interpolate(sampling: sampling, shapeSource: .sizes(operand: 1), axesOperand: 2)
    return try g.add(op, x, try g.integers(sizes), try g.integers(axes))
  }

  private func expectKernel(_ g: GraphBuilder, tolerance: Tolerance, bitExact: Bool = true) throws {
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.contains { $0.kernel.hasPrefix("resample") }, "\(layers.map(\.kernel))")
    #expect(!layers.contains { $0.kernel == "reference" })
    try expectExecutionMatchesMeaningEverywhere(g.graph, tolerance: tolerance, bitExact: bitExact)
  }

  @Test(arguments: InterpolationSampling.Mode.allCases, [[8, 12], [3, 4], [4, 12], [1, 1], [9, 2]])
  func imagesAreResampledByAKernel(_ mode: InterpolationSampling.Mode, _ sizes: [Int]) throws {
    for coordinates in InterpolationSampling.Coordinates.allCases {
      let g = GraphBuilder()
      let x = try g.add(Sigmoid(), try g.input("x", [2, 5, 4, 6]))
      g.output(try interpolate(g, x, mode, sizes: sizes, coordinates: coordinates))
      try expectKernel(g, tolerance: Tolerance())
    }
  }

  @Test func shrinkingWithAntialiasIs() throws {
    let g = GraphBuilder()
    g.output(try interpolate(g, try g.input("x", [1, 3, 9, 11]), .linear, sizes: [4, 3], antialias: true))
    try expectKernel(g, tolerance: Tolerance())
  }

  @Test func channelsMayStandLastInTheModel() throws {
    let g = GraphBuilder()
    g.output(try interpolate(g, try g.input("x", [2, 4, 6, 5]), .linearONNX, sizes: [8, 3], axes: [1, 2]))
    try expectKernel(g, tolerance: Tolerance())
  }

  @Test(arguments: [InterpolationSampling.Mode.nearest, .cubic])
  func linesAreImagesOfOneRow(_ mode: InterpolationSampling.Mode) throws {
    let g = GraphBuilder()
    g.output(try interpolate(g, try g.input("x", [2, 5, 6]), mode, sizes: [15], axes: [2]))
    try expectKernel(g, tolerance: Tolerance())
  }

  /// The grid stays as it is, or is left and another entered in the same step.
  @Test(arguments: InterpolationSampling.Mode.allCases)
  func gridsAreResampledInOneStep(_ mode: InterpolationSampling.Mode) throws {
    let g = GraphBuilder()
    let x = try g.fakeQuantize(try g.input("x", [1, 17, 4, 6]), -0.7, 2)
    let larger = try interpolate(g, x, mode, sizes: [8, 12])
    // A range that has nothing in common with the first: sums of steps do not lie between two steps.
    g.output(mode == .nearest ? larger : try g.fakeQuantize(try g.add(ReLU(), larger), 0, 2.7183))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.count { $0.kernel.hasPrefix("quantize") } == 1, "\(layers.map(\.name))")
    try expectKernel(g, tolerance: Tolerance(step: 0.1))
  }

  @Test func channelsThemselvesHaveTheReference() throws {
    let g = GraphBuilder()
    g.output(try interpolate(g, try g.input("x", [1, 4, 3, 5]), .linearONNX, sizes: [8, 3, 10], axes: [1, 2, 3]))
    let layers = try ModelCompiler().layers(of: g.graph)
    #expect(layers.map(\.kernel) == ["reference"])
    try expectExecutionMatchesMeaningEverywhere(g.graph)
  }
}
