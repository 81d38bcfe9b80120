import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetTransformations

@Suite struct ChainRearrangementsTests {
  @Test func aShuffleOfChannelsIsOneNode() throws {
    let g = GraphBuilder()
    let groups = try g.reshape(try g.input("x", [1, 6, 4]), [1, 2, 3, 4])
    g.output(try g.reshape(try g.transpose(groups, [0, 2, 1, 3]), [1, 6, 4]))
    try expectRewrite(
      of: g.graph, by: ChainRearrangements(),
      gives: """
        x: f32[1, 6, 4]
        %1 = Fused(x, i64[4], i64[4], i64[3]) Reshape → Transpose → Reshape: f32[1, 6, 4]
        y = %1
        """)
  }

  @Test func whatOthersReadIsMade() throws {
    let g = GraphBuilder()
    let groups = try g.reshape(try g.input("x", [1, 6, 4]), [1, 2, 3, 4])
    g.output(try g.transpose(groups, [0, 2, 1, 3]), "dealt")
    g.output(try g.add(Negative(), groups), "negative")
    expectUnchanged(g.graph, by: ChainRearrangements())
  }

  @Test func whatFollowsNoStridesIsMadeInTwoSteps() throws {
    let g = GraphBuilder()
    g.output(try g.reshape(try g.transpose(try g.input("x", [6, 4]), [1, 0]), [3, 8]))
    expectUnchanged(g.graph, by: ChainRearrangements())
  }

  @Test func otherOperatorsStandBetween() throws {
    let g = GraphBuilder()
    let negative = try g.add(Negative(), try g.transpose(try g.input("x", [6, 4]), [1, 0]))
    g.output(try g.transpose(negative, [1, 0]))
    expectUnchanged(g.graph, by: ChainRearrangements())
  }
}
