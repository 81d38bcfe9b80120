import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct ProjectInputsOfRecurrenceTests {
  private func graph(scaleShape: Shape = [2, 8, 1], quantizes: Bool = true, knowsBias: Bool = true) throws -> Graph {
    let g = GraphBuilder()
    let settings = try RecurrentSettings(
      hiddenSize: 2, activations: [.sigmoid, .tanh, .tanh].map { RecurrentActivation($0) }, clip: nil)
    let grid = Dequantization(scale: 0.25, zeroPoint: 99.6)
    let x =
      quantizes ? try g.add(Dequantize(grid), try g.input("x", [1, 3, 4], .u8)) : try g.input("x", [1, 3, 4])
    let state = try g.randomConstant([1, 2, 2])
    let scales = try g.randomConstant(scaleShape, in: 0.1...1)
    let w = try g.add(Multiply(), g.add(Convert(to: .f32), g.randomConstant([2, 8, 4], in: -127...127, .i8)), scales)
    let bias = knowsBias ? try g.randomConstant([2, 8]) : try g.input("bias", [2, 8])
    let lengths = try g.constant([3], nil, .i64)
    let node = try g.addNode(
      RecurrentSequence(cell: LSTMCell(settings: settings), direction: .bidirectional),
      [x, state, state, lengths, w, try g.randomConstant([2, 8, 2]), bias])
    g.output(Value(node, 0))
    var graph = g.graph
    try PassPipeline("weights", [Stage("weights", [DequantizeWeights()])]).run(on: &graph)
    return graph
  }

  @Test func inputsOfAllStepsAreOneProduct() throws {
    try expectRewrite(
      of: try graph(), by: ProjectInputsOfRecurrence(),
      gives: """
        x: u8[1, 3, 4]
        %1 = Dequantize(x) scale 0.25 zeroPoint 99.6: f32[1, 3, 4]
        %2 = Dequantize(i8[16, 4]) scale 0.49983823…×16 zeroPoint 0.0…×16 axes 0..<1: f32[16, 4]
        %3 = MatMul(%1, %2) transposeB: f32[1, 3, 16]
        %4 = Add(%3, f32[16]): f32[1, 3, 16]
        %5 = LSTMSequence(%4, f32[1, 2, 2], f32[1, 2, 2], 3, f32[2, 8, 2], f32[2, 8]) hidden 2 sigmoid, tanh, tanh of projections \
        bidirectional: f32[1, 2, 3, 2]
        y = %5
        """, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func oneScaleServesAllRows() throws {
    let before = try graph(scaleShape: [])
    var after = before
    try PassPipeline("test", [Stage("rules", [ProjectInputsOfRecurrence()])]).run(on: &after)
    #expect(after.dump.contains("MatMul"))
    try expectSameMeaning(before, after, tolerance: 1e-6, inputs: 0...255)
  }

  @Test func floatsAndBiasesOfARequestStay() throws {
    expectUnchanged(try graph(quantizes: false), by: ProjectInputsOfRecurrence())
    expectUnchanged(try graph(knowsBias: false), by: ProjectInputsOfRecurrence())
  }
}
