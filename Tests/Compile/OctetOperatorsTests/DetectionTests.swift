import OctetGraph
import OctetTensor
import Testing

@testable import OctetOperators

/// What detection heads refuse, and what they do with values that only a hostile request holds.
@Suite struct DetectionTests {
  private static let wild: [Double] = [.nan, .infinity, -.infinity, 1e30, -1e30, 0, 0.5, 3]

  private func align(_ ratio: Int = 0) throws -> ROIAlign {
    try ROIAlign(height: 2, width: 2, samplingRatio: ratio, scale: 1, mode: .average, alignment: .halfPixel)
  }

  private func suppression() throws -> NonMaxSuppression {
    try NonMaxSuppression(encoding: .corner, sortsAcrossImages: true, indexType: .i64, givesScores: true)
  }

  @Test func attributesOutOfRangeAreRefused() {
    #expect(throws: OperatorError.self) {
      try ROIAlign(height: 0, width: 2, samplingRatio: 2, scale: 1, mode: .average, alignment: .halfPixel)
    }
    #expect(throws: OperatorError.self) { try ROIPooling(height: 2, width: 1 << 30, scale: 1, method: .maximum) }
    #expect(throws: OperatorError.self) {
      try PSROIPooling(outputChannels: 1, groupSize: 1, scale: 1, mode: .bilinear, spatialBins: (x: 0, y: 1))
    }
    #expect(throws: OperatorError.self) { try ReorgYolo(stride: 0) }
    var settings = PriorBox.Settings()
    settings.fixedSizes = [4]
    settings.densities = [1, 1]
    #expect(throws: OperatorError.self) { try PriorBox(settings: settings) }
    settings.fixedSizes = [Double](repeating: 4, count: 1 << 10)
    settings.densities = [Double](repeating: 64, count: 1 << 10)
    #expect(throws: OperatorError.self) { try PriorBox(settings: settings) }
    #expect(throws: OperatorError.self) { try Proposal(settings: Proposal.Settings(), givesScores: true) }
    #expect(throws: OperatorError.self) {
      try NonMaxSuppression(encoding: .corner, sortsAcrossImages: true, indexType: .f32, givesScores: true)
    }
  }

  @Test func operandsThatDoNotFitAreRefused() throws {
    #expect(CTCGreedyDecoder(mergesRepeats: true).refusal(.of([3, 1, 2]), .of(.string, [3, 1])) != nil)
    #expect(
      try suppression().refusal(.of([1, 5, 4]), .of([1, 2, 6]))
        == "operands of NonMaxSuppression: expected boxes [N, boxes, 4] and scores [N, classes, boxes], found "
        + "f32[1, 5, 4], f32[1, 2, 6]")
    #expect(try align().refusal(.of([1, 2, 3, 3]), .of([4, 5]), .of(.i64, [4])) != nil)
    #expect(try align().refusal(.of([1, 2, 3, 3]), .of([4, 4]), .of(.i64, [5])) != nil)
    #expect(try align().refusal(.of([1, 2, 0, 3]), .of([4, 4]), .of(.i64, [4])) != nil)
    let yolo = try RegionYolo(
      coordinates: 4, classes: 2, boxes: 3, hasSoftmax: false, firstJoinedAxis: 1, lastJoinedAxis: 3)
    #expect(
      yolo.refusal(.of([1, 20, 2, 2])) == "operand of RegionYolo: expected [N, 21, H, W], found f32[1, 20, 2, 2]")
    #expect(try ReorgYolo(stride: 2).refusal(.of([1, 4, 3, 2])) != nil)
  }

  @Test func howManyBoxesAreTakenIsBounded() throws {
    let types = try suppression().resultTypes([
      .of([2, 9, 4]), .of([2, 3, 9]), .known(4),
    ])
    #expect(types.map(\.shape) == [[.bounded(0...24), 3], [.bounded(0...24), 3], [1]])
    let open = try suppression().resultTypes([.of([.dynamic, 9, 4]), .of([.dynamic, 3, 9]), .known(4)])
    #expect(open[0].shape == [.dynamic, 3])
  }

  @Test func comparisonsOfBoxesAreBounded() throws {
    var budget = ComparisonBudget()
    try budget.spend(1 << 30)
    try budget.spend(1 << 30)
    #expect(throws: OperatorError.self) { try budget.spend(1) }
  }

  @Test func valuesOfARequestNeverTrap() throws {
    let boxes = Tensor.f32(Self.wild.flatMap { value in Self.wild.map { _ in value } }, [1, 16, 4])
    let scores = Tensor.f32(Self.wild + Self.wild, [1, 1, 16])
    for limit in Self.wild {
      let results = try suppression().evaluate([
        boxes, scores, Tensor(.f32, [1], converting: [limit]), Tensor.f32(0.5), Tensor.f32(0), Tensor.f32(0.5),
      ])
      #expect(results.count == 3)
    }
    let map = Tensor.f32([1, 2, 3, 4], [1, 1, 2, 2])
    let regions = Tensor.f32(Self.wild.flatMap { [$0, $0, 1, 1, $0] }, [8, 5])
    for method in ROIPooling.Method.allCases {
      let pooled = try ROIPooling(height: 2, width: 2, scale: 1, method: method).evaluate([map, regions])
      #expect(pooled[0].shape == [8, 1, 2, 2])
    }
    for mode in PSROIPooling.Mode.allCases {
      let op = try PSROIPooling(outputChannels: 1, groupSize: 1, scale: 1, mode: mode, spatialBins: (x: 1, y: 1))
      #expect(try op.evaluate([map, regions])[0].shape == [8, 1, 1, 1])
    }
  }

  @Test func regionsWithoutEndAreRefusedWhenTheyCome() throws {
    let map = Tensor.f32([1, 2, 3, 4], [1, 1, 2, 2])
    let images = Tensor(.i64, [1], elements: [Int64(0)])
    #expect(throws: OperatorError.self) { try align().evaluate([map, .f32([0, 0, 1e9, 1], [1, 4]), images]) }
    let none = try align(2).evaluate([map, .f32([0, 0, 1e9, .nan], [1, 4]), images])
    #expect(none[0].shape == [1, 1, 2, 2])
    let elsewhere = try align().evaluate([map, .f32([0, 0, 2, 2], [1, 4]), Tensor(.i64, [1], elements: [Int64.max])])
    #expect(elsewhere[0].doubles == [0, 0, 0, 0])
  }
}
