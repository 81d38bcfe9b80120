import Glibc
import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct RecognizeActivationsTests {
  private typealias Build = @Sendable (GraphBuilder, Value) throws -> Value

  /// f(x), and what it is recognized as.
  private static func check(
    _ name: String, inputs: ClosedRange<Double> = -6...6, _ location: SourceLocation = #_sourceLocation,
    _ build: (GraphBuilder, Value) throws -> Value
  ) throws {
    let g = GraphBuilder()
    g.output(try build(g, try g.input("x", [2, 3, 8])))
    try expectRewrite(
      of: g.graph, by: RecognizeActivations(),
      gives: "x: f32[2, 3, 8]\n%1 = \(name): f32[2, 3, 8]\ny = %1", tolerance: 1e-6, inputs: inputs, location)
  }

  @Test func swishInEveryOrder() throws {
    try Self.check("Swish(x)") { g, x in try g.add(Multiply(), x, try g.add(Sigmoid(), x)) }
    try Self.check("Swish(x)") { g, x in try g.add(Multiply(), try g.add(Sigmoid(), x), x) }
    try Self.check("Swish(x)") { g, x in
      let e = try g.add(Exp(), try g.add(Negative(), x))
      return try g.add(Divide(), x, try g.add(Add(), e, try g.scalar(1)))
    }
  }

  @Test func geluByErf() throws {
    func cumulative(_ g: GraphBuilder, _ x: Value) throws -> Value {
      try g.add(Add(), try g.add(Erf(), try g.add(Divide(), x, try g.scalar(2.0.squareRoot()))), try g.scalar(1))
    }
    try Self.check("Gelu(x) erf") { g, x in
      try g.add(Multiply(), try g.add(Multiply(), x, try cumulative(g, x)), try g.scalar(0.5))
    }
    try Self.check("Gelu(x) erf") { g, x in
      try g.add(Multiply(), try g.add(Multiply(), try g.scalar(0.5), x), try cumulative(g, x))
    }
  }

  @Test func geluByTanh() throws {
    try Self.check("Gelu(x) tanh") { g, x in
      let cube = try g.add(Multiply(), try g.add(Power(), x, try g.scalar(3)), try g.scalar(0.044715))
      let inner = try g.add(Multiply(), try g.add(Add(), x, cube), try g.scalar((2 / Double.pi).squareRoot()))
      let share = try g.add(Add(), try g.add(Tanh(), inner), try g.scalar(1))
      return try g.add(Multiply(), try g.add(Multiply(), x, try g.scalar(0.5)), share)
    }
  }

  @Test func hardOnesByQuotientOrFactor() throws {
    func hard(_ g: GraphBuilder, _ x: Value) throws -> Value {
      try g.add(Clamp(minimum: 0, maximum: 6), try g.add(Add(), x, try g.scalar(3)))
    }
    try Self.check("HSigmoid(x)") { g, x in try g.add(Divide(), try hard(g, x), try g.scalar(6)) }
    try Self.check("HSwish(x)") { g, x in
      try g.add(Multiply(), x, try g.add(Multiply(), try hard(g, x), try g.scalar(1 / 6.0)))
    }
    try Self.check("HSwish(x)") { g, x in
      try g.add(Divide(), try g.add(Multiply(), x, try hard(g, x)), try g.scalar(6))
    }
  }

  @Test func mishAndSoftPlus() throws {
    func softPlus(_ g: GraphBuilder, _ x: Value) throws -> Value {
      try g.add(Log(), try g.add(Add(), try g.add(Exp(), x), try g.scalar(1)))
    }
    try Self.check("SoftPlus(x)") { g, x in try softPlus(g, x) }
    try Self.check("Mish(x)") { g, x in try g.add(Multiply(), x, try g.add(Tanh(), try softPlus(g, x))) }
  }

  @Test func constantsThatAreOffAreAnotherFunction() throws {
    for bound in [5.0, 6.01] {
      let g = GraphBuilder()
      let x = try g.input("x", [2, 3])
      let hard = try g.add(Clamp(minimum: 0, maximum: bound), try g.add(Add(), x, try g.scalar(3)))
      g.output(try g.add(Divide(), hard, try g.scalar(6)))
      expectUnchanged(g.graph, by: RecognizeActivations())
    }
  }

  @Test func aPartThatIsReadElsewhereStays() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3])
    let gate = try g.add(Sigmoid(), x)
    g.output(try g.add(Multiply(), x, gate), "y")
    g.output(gate, "gate")
    expectUnchanged(g.graph, by: RecognizeActivations())
  }

  @Test func twoValuesAreNoFunctionOfOne() throws {
    let g = GraphBuilder()
    let (x, z) = (try g.input("x", [2, 3]), try g.input("z", [2, 3]))
    g.output(try g.add(Multiply(), x, try g.add(Sigmoid(), z)))
    expectUnchanged(g.graph, by: RecognizeActivations())
  }
}

@Suite struct RecognizeNormalizationTests {
  /// x − mean(x) over `axes`, and the mean of its square over `squareAxes`.
  private func pieces(
    _ g: GraphBuilder, _ x: Value, axes: [Int] = [2], squareAxes: [Int]? = nil
  ) throws -> (difference: Value, variance: Value) {
    let difference = try g.add(Subtract(), x, try g.mean(x, axes: axes))
    let square = try g.add(Power(), difference, try g.scalar(2))
    return (difference, try g.mean(square, axes: squareAxes ?? axes))
  }

  @Test func layerNormalization() throws {
    let g = GraphBuilder()
    let (d, v) = try pieces(g, try g.input("x", [2, 3, 8]))
    g.output(try g.add(Divide(), d, try g.add(Sqrt(), try g.add(Add(), v, try g.scalar(1e-5)))))
    try expectRewrite(
      of: g.graph, by: RecognizeMVN(),
      gives: "x: f32[2, 3, 8]\n%1 = MVN(x) eps 1e-05: f32[2, 3, 8]\ny = %1", tolerance: 1e-6)
  }

  @Test func layerNormalizationByPowers() throws {
    let g = GraphBuilder()
    let (d, v) = try pieces(g, try g.input("x", [2, 3, 8]))
    let factor = try g.add(Power(), try g.add(Add(), v, try g.scalar(1e-5)), try g.scalar(-0.5))
    g.output(try g.add(Multiply(), factor, d))
    try expectRewrite(
      of: g.graph, by: RecognizeMVN(),
      gives: "x: f32[2, 3, 8]\n%1 = MVN(x) eps 1e-05: f32[2, 3, 8]\ny = %1", tolerance: 1e-6)
  }

  @Test func otherAxesOrExponentsAreNoNormalization() throws {
    let g = GraphBuilder()
    let (d, v) = try pieces(g, try g.input("x", [2, 3, 8]), squareAxes: [1])
    g.output(try g.add(Divide(), d, try g.add(Sqrt(), try g.add(Add(), v, try g.scalar(1e-5)))))
    expectUnchanged(g.graph, by: RecognizeMVN())
    let inverse = GraphBuilder()
    let (e, w) = try pieces(inverse, try inverse.input("x", [2, 3, 8]))
    let factor = try inverse.add(Power(), try inverse.add(Add(), w, try inverse.scalar(1e-5)), try inverse.scalar(-0.5))
    inverse.output(try inverse.add(Divide(), e, factor))
    expectUnchanged(inverse.graph, by: RecognizeMVN())
  }

  @Test(arguments: [true, false])
  func euclideanLength(_ adds: Bool) throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3, 8])
    let sum = try g.add(ReduceSum(keepsAxes: true), try g.add(Multiply(), x, x), try g.integers([1]))
    let bounded = adds ? try g.add(Add(), sum, try g.scalar(0.01)) : try g.add(Maximum(), sum, try g.scalar(0.01))
    g.output(try g.add(Divide(), x, try g.add(Sqrt(), bounded)))
    try expectRewrite(
      of: g.graph, by: RecognizeNormalizeL2(),
      gives: "x: f32[2, 3, 8]\n%1 = NormalizeL2(x, 1) eps 0.01 \(adds ? "add" : "max"): f32[2, 3, 8]\ny = %1",
      tolerance: 1e-6)
  }

  @Test(arguments: [true, false])
  func softMax(_ subtracts: Bool) throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3, 8])
    let axes = try g.integers([-1])
    let argument = subtracts ? try g.add(Subtract(), x, try g.add(ReduceMax(keepsAxes: true), x, axes)) : x
    let e = try g.add(Exp(), argument)
    g.output(try g.add(Divide(), e, try g.add(ReduceSum(keepsAxes: true), e, axes)))
    try expectRewrite(
      of: g.graph, by: RecognizeSoftMax(),
      gives: "x: f32[2, 3, 8]\n%1 = SoftMax(x) axis 2: f32[2, 3, 8]\ny = %1", tolerance: 1e-6)
  }

  @Test func sumsOverTwoAxesAreNoSoftMax() throws {
    let g = GraphBuilder()
    let e = try g.add(Exp(), try g.input("x", [2, 3, 8]))
    g.output(try g.add(Divide(), e, try g.add(ReduceSum(keepsAxes: true), e, try g.integers([1, 2]))))
    expectUnchanged(g.graph, by: RecognizeSoftMax())
  }
}

@Suite struct RecognizeRMSTests {
  private func pieces(
    _ g: GraphBuilder, axes: [Int] = [2], places: Bool = true
  ) throws -> (x: Value, root: Value) {
    let x = try g.input("x", [2, 3, 8])
    let mean = try g.mean(try g.add(Power(), x, try g.scalar(2)), axes: axes)
    let epsilon = try g.scalar(1e-5)
    let root =
      places
      ? try g.add(Sqrt(), try g.add(Add(), mean, epsilon)) : try g.add(Add(), try g.add(Sqrt(), mean), epsilon)
    return (x, root)
  }

  @Test func aFactorPerElementJoins() throws {
    let g = GraphBuilder()
    let (x, root) = try pieces(g)
    g.output(try g.add(Multiply(), try g.randomConstant([8]), try g.add(Divide(), x, root)))
    try expectRewrite(
      of: g.graph, by: RecognizeRMS(),
      gives: "x: f32[2, 3, 8]\n%1 = RMS(x, f32[8]) eps 1e-05: f32[2, 3, 8]\ny = %1", tolerance: 1e-6)
  }

  @Test func otherFactorsStayBehind() throws {
    let g = GraphBuilder()
    let (x, root) = try pieces(g)
    let quotient = try g.add(Multiply(), x, try g.add(Divide(), try g.scalar(1), root))
    g.output(try g.add(Multiply(), quotient, try g.randomConstant([3, 1])))
    try expectRewrite(
      of: g.graph, by: RecognizeRMS(),
      gives: """
        x: f32[2, 3, 8]
        %1 = RMS(x) eps 1e-05: f32[2, 3, 8]
        %2 = Multiply(%1, f32[3, 1]): f32[2, 3, 8]
        y = %2
        """, tolerance: 1e-6)
  }

  @Test func otherAxesAndPlacesStay() throws {
    for (axes, places) in [([1], true), ([1, 2], true), ([2], false)] {
      let g = GraphBuilder()
      let (x, root) = try pieces(g, axes: axes, places: places)
      g.output(try g.add(Divide(), x, root))
      expectUnchanged(g.graph, by: RecognizeRMS())
    }
  }
}

@Suite struct DecomposeAttentionTests {
  private func graph(
    isCausal: Bool = false, depth: Dimension = 8, _ further: (GraphBuilder) throws -> [Value] = { _ in [] }
  ) throws -> Graph {
    let g = GraphBuilder()
    let q = try g.input("q", [2, 3, 4, depth]), k = try g.input("k", [2, 1, 5, depth])
    let operands = [q, k, try g.input("v", [2, 1, 5, 6])] + (try further(g))
    g.output(Value(try g.addNode(ScaledDotProductAttention(isCausal: isCausal), operands)))
    return g.graph
  }

  @Test func itBecomesProductsAroundASoftMax() throws {
    try expectRewrite(
      of: try graph(), by: DecomposeAttention(),
      gives: """
        q: f32[2, 3, 4, 8]
        k: f32[2, 1, 5, 8]
        v: f32[2, 1, 5, 6]
        %1 = MatMul(q, k) transposeB: f32[2, 3, 4, 5]
        %2 = Multiply(%1, 0.35355338): f32[2, 3, 4, 5]
        %3 = SoftMax(%2) axis -1: f32[2, 3, 4, 5]
        %4 = MatMul(%3, v): f32[2, 3, 4, 6]
        y = %4
        """, tolerance: 1e-6)
  }

  @Test func masksOfEveryKind() throws {
    let seen = (0..<20).map { Double($0 % 3 == 0 ? 0 : 1) }
    let graphs = [
      try graph(isCausal: true), try graph { g in [try g.randomConstant([4, 5])] },
      try graph { g in [try g.constant(seen, [4, 5], .boolean)] },
      try graph { g in [try g.input("mask", [2, 1, 1, 5]), try g.scalar(0.3)] },
    ]
    for graph in graphs {
      var rewritten = graph
      try PassPipeline("test", [Stage("rules", [DecomposeAttention()])]).run(on: &rewritten)
      #expect(rewritten.dump.contains("SoftMax"))
      try expectSameMeaning(graph, rewritten, tolerance: 1e-6)
    }
  }

  @Test func anOpenDepthHasNoScale() throws {
    expectUnchanged(try graph(depth: .dynamic), by: DecomposeAttention())
  }
}

@Suite struct DecomposeBatchNormTests {
  private func graph(constant: Bool) throws -> Graph {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3, 4, 4])
    let mean = constant ? try g.randomConstant([3]) : try g.input("mean", [3])
    g.output(
      try g.add(
        BatchNormInference(epsilon: 1e-3, dataOperand: 0), x, try g.randomConstant([3]), try g.randomConstant([3]),
        mean,
        try g.randomConstant([3], in: 0.5...2)))
    return g.graph
  }

  @Test func itBecomesScaleAndShift() throws {
    try expectRewrite(
      of: try graph(constant: true), by: DecomposeBatchNorm(),
      gives: """
        x: f32[2, 3, 4, 4]
        %1 = Multiply(x, f32[1, 3, 1, 1]): f32[2, 3, 4, 4]
        %2 = Add(%1, f32[1, 3, 1, 1]): f32[2, 3, 4, 4]
        y = %2
        """, tolerance: 1e-6)
  }

  @Test func parametersThatAreComputedStay() throws {
    expectUnchanged(try graph(constant: false), by: DecomposeBatchNorm())
  }
}

@Suite struct MergeDuplicatesTests {
  @Test func twinsBecomeOne() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3])
    let twins = try (0..<2).map { _ in try g.add(Add(), try g.add(ReLU(), x), try g.constant([1, 2, 3])) }
    g.output(try g.add(Multiply(), twins[0], twins[1]))
    try expectRewrite(
      of: g.graph, by: MergeDuplicates(),
      gives: """
        x: f32[2, 3]
        %1 = ReLU(x): f32[2, 3]
        %2 = Add(%1, f32[3]): f32[2, 3]
        %3 = Multiply(%2, %2): f32[2, 3]
        y = %3
        """)
  }

  @Test func siblingsStay() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2, 3])
    g.output(try g.add(Add(), x, try g.constant([1, 2, 3])), "a")
    g.output(try g.add(Add(), x, try g.constant([1, 2, 4])), "b")
    g.output(try g.add(Subtract(), x, try g.constant([1, 2, 3])), "c")
    g.output(try g.add(Clamp(minimum: 0, maximum: 1), x), "d")
    g.output(try g.add(Clamp(minimum: 0, maximum: 2), x), "e")
    expectUnchanged(g.graph, by: MergeDuplicates())
  }

  @Test func bothOutputsKeepTheirNames() throws {
    let g = GraphBuilder()
    let x = try g.input("x", [2])
    g.output(try g.add(ReLU(), x), "a")
    g.output(try g.add(ReLU(), x), "b")
    try expectRewrite(of: g.graph, by: MergeDuplicates(), gives: "x: f32[2]\n%1 = ReLU(x): f32[2]\na = %1\nb = %1")
  }
}

@Suite struct FoldAffineIntoQuantizeTests {
  private let quantize = Quantize(inputLow: [-2], inputHigh: [2], levels: 256)

  private func graph(_ build: (GraphBuilder, Value) throws -> Value) throws -> Graph {
    let g = GraphBuilder()
    g.output(try g.add(quantize, try build(g, try g.input("x", [1, 2, 3, 3]))))
    return g.graph
  }

  @Test func meanAndScaleBecomeRanges() throws {
    let channels: Shape = [1, 2, 1, 1]
    let preprocessing = try graph { g, x in
      let centred = try g.add(Subtract(), x, try g.constant([0.5, 0.25], channels))
      return try g.add(Divide(), centred, try g.constant([0.25, 0.5], channels))
    }
    try expectRewrite(
      of: preprocessing, by: FoldAffineIntoQuantize(),
      gives: """
        x: f32[1, 2, 3, 3]
        %1 = Quantize(x) 0.0…1.0 levels 256 per channel: u8[1, 2, 3, 3]
        y = %1
        """, inputs: -2...2)
    let other = try graph { g, x in
      try g.add(Add(), try g.add(Multiply(), try g.scalar(0.5), x), try g.scalar(-0.25))
    }
    try expectRewrite(
      of: other, by: FoldAffineIntoQuantize(),
      gives: "x: f32[1, 2, 3, 3]\n%1 = Quantize(x) -3.5…4.5 levels 256: u8[1, 2, 3, 3]\ny = %1", inputs: -5...5)
  }

  @Test func whatTurnsTheRangeAroundStays() throws {
    for factor in [-0.5, 0] {
      expectUnchanged(
        try graph { g, x in try g.add(Multiply(), x, try g.scalar(factor)) }, by: FoldAffineIntoQuantize())
    }
    expectUnchanged(try graph { g, x in try g.add(Subtract(), try g.scalar(1), x) }, by: FoldAffineIntoQuantize())
    expectUnchanged(try graph { g, x in try g.add(Divide(), try g.scalar(1), x) }, by: FoldAffineIntoQuantize())
  }

  @Test func constantsPerPixelStay() throws {
    expectUnchanged(
      try graph { g, x in try g.add(Add(), x, try g.randomConstant([1, 1, 3, 3])) }, by: FoldAffineIntoQuantize())
  }

  @Test func theBiasOfAConvolutionStays() throws {
    expectUnchanged(
      try graph { g, x in try g.bias(try g.convolution(x, try g.randomConstant([2, 2, 1, 1])), channels: 2) },
      by: FoldAffineIntoQuantize())
  }
}
