import OctetGraph
import OctetKernels
import OctetTensor
import Testing

@Suite struct LoweringSiteTests {
  private func site(
    _ shape: Shape, available: [TensorView], pixelStride: Int? = nil, isOutput: Bool = false
  ) -> LoweringSite {
    let type = TensorType(.u8, shape)
    return LoweringSite(
      operands: [Operand(type: type)], results: [type], available: [available], resultPixelStrides: [pixelStride],
      modelOutputs: isOutput ? [0] : [], cpu: CPU(upTo: .scalar), weights: PackedWeightsCache())
  }

  @Test func anOperandIsTakenInTheLayoutAtHand() throws {
    let planar = TensorView(.u8, [1, 8, 4, 4], .planar)
    let last = TensorView(.u8, [1, 8, 4, 4], .channelsLast)
    let site = site([1, 8, 4, 4], available: [planar, last])
    #expect(site.preferredLayout(ofOperand: 0) == .planar)
    #expect(try site.operand(0, .channelsLast) == last)
    #expect(site.requestedOperands[0] == last)
  }

  @Test func aLayoutThatIsNotAtHandIsRequestedDense() throws {
    let strided = TensorView(.u8, [1, 8, 4, 4], .channelsLast, pixelStride: 24)
    let site = site([1, 8, 4, 4], available: [strided])
    #expect(try site.operand(0, .planar) == TensorView(.u8, [1, 8, 4, 4], .planar))
  }

  @Test func aPartOfAConcatenationIsReadInPlaceUnlessItMustBeDense() throws {
    let strided = TensorView(.u8, [1, 8, 4, 4], .channelsLast, pixelStride: 24)
    #expect(try site([1, 8, 4, 4], available: [strided]).operand(0, .channelsLast).pixelStride == 24)
    #expect(try site([1, 8, 4, 4], available: [strided]).operand(0, .channelsLast, dense: true).pixelStride == 8)
  }

  @Test(arguments: [[1, 8, 1, 1], [3, 1, 4, 4], [3, 8]])
  func layoutsThatCoincideNeedNoCopy(_ extents: [Int]) throws {
    let shape = Shape(valid: extents)
    let planar = TensorView(.u8, shape, .planar)
    let site = site(shape, available: [planar])
    #expect(try site.operand(0, .channelsLast).layout == .channelsLast)
    #expect(site.requestedOperands[0] == planar)
  }

  @Test(arguments: [[3, 8, 1, 1], [1, 1, 4, 4]])
  func aPartOfAConcatenationIsNeverTakenForPlanar(_ extents: [Int]) throws {
    let shape = Shape(valid: extents)
    let strided = TensorView(.u8, shape, .channelsLast, pixelStride: 24)
    let site = site(shape, available: [strided])
    #expect(try site.operand(0, .planar) == TensorView(.u8, shape, .planar))
    #expect(site.requestedOperands[0] == TensorView(.u8, shape, .planar))
  }

  @Test func onlyChannelsLastResultsGoIntoAConcatenation() throws {
    let site = site([1, 8, 4, 4], available: [], pixelStride: 24)
    #expect(try site.result(0, .planar).isDense)
    #expect(try site.result(0, .channelsLast).pixelStride == 24)
    #expect(site.declaredResults[0]?.pixelStride == 24)
  }

  @Test func outputsOfTheModelAreKnown() {
    #expect(site([2], available: [], isOutput: true).isModelOutput(0))
    #expect(!site([2], available: []).isModelOutput(0))
  }

  @Test func openShapesAreRefused() {
    let type = TensorType(.f32, [.dynamic, 3] as PartialShape)
    let site = LoweringSite(
      operands: [Operand(type: type)], results: [type], available: [[]], resultPixelStrides: [nil], modelOutputs: [],
      cpu: CPU(upTo: .scalar), weights: PackedWeightsCache())
    #expect(throws: OperatorError("operand 0 has no fixed shape [?, 3]")) { try site.operand(0, .planar) }
    #expect(throws: OperatorError("result 0 has no fixed shape [?, 3]")) { try site.result(0, .planar) }
  }
}
