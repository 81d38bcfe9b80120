import OctetGraph
import OctetOperators
import OctetTensor
import Testing

/// What the operators of two-stage detectors refuse, and that values of a request never trap in them.
@Suite struct DetectronTests {
  private static let wild: [Double] = [.nan, .infinity, -.infinity, 1e30]

  private func refinement() throws -> AnchorRefinement {
    try AnchorRefinement(smallestSize: 1, overlapThreshold: 0.5, candidateLimit: 9, keepLimit: 3)
  }

  private func detections() throws -> DetectronDetections {
    var settings = DetectronDetections.Settings()
    settings.classCount = 2
    settings.keepLimit = 3
    return try DetectronDetections(settings: settings)
  }

  @Test func settingsOutOfRangeAreRefused() {
    #expect(throws: OperatorError.self) {
      try AnchorRefinement(smallestSize: 1, overlapThreshold: 0.5, candidateLimit: 9, keepLimit: 0)
    }
    #expect(throws: OperatorError.self) { try DetectronTopRegions(count: -1) }
    #expect(throws: OperatorError.self) {
      try DetectronFeatures(size: 3, samplingRatio: 2, scales: [8, 0], isAligned: false)
    }
    #expect(throws: OperatorError.self) {
      try DetectronPriorGrid(isFlat: true, rows: -1, columns: 0, stepX: 0, stepY: 0)
    }
    var settings = DetectronDetections.Settings()
    settings.weights = [1, 0, 1, 1]
    #expect(throws: OperatorError.self) { try DetectronDetections(settings: settings) }
  }

  @Test func operandsThatDoNotFitAreRefused() throws {
    let proposals = DetectronProposals(try refinement())
    #expect(proposals.refusal(.of([3]), .of([12, 4]), .of([8, 2, 3]), .of([2, 2, 3])) == nil)
    #expect(
      proposals.refusal(.of([3]), .of([11, 4]), .of([8, 2, 3]), .of([2, 2, 3]))
        == "anchors of DetectronProposals: expected 12, found [11, 4]")
    #expect(proposals.refusal(.of([3]), .of([12, 4]), .of([7, 2, 3]), .of([2, 2, 3])) != nil)
    let batched = try GenerateProposals(refinement(), countType: .i64)
    #expect(batched.refusal(.of([1, 3]), .of([2, 3, 2, 4]), .of([1, 8, 2, 3]), .of([1, 2, 2, 3])) == nil)
    #expect(batched.refusal(.of([2, 3]), .of([2, 3, 2, 4]), .of([1, 8, 2, 3]), .of([1, 2, 2, 3])) != nil)
    #expect(try detections().refusal(.of([5, 4]), .of([5, 8]), .of([5, 3]), .of([1, 3])) != nil)
    #expect(try DetectronTopRegions(count: 2).refusal(.of([5, 4]), .of([4])) != nil)
    let features = try DetectronFeatures(size: 3, samplingRatio: 2, scales: [8], isAligned: false)
    #expect(features.refusal(.of([5, 4]), .of([2, 3, 4, 4])) != nil)
    #expect(features.refusal(.of([5, 4])) != nil)
    let grid = try DetectronPriorGrid(isFlat: true, rows: 0, columns: 0, stepX: 0, stepY: 0)
    #expect(grid.refusal(.of([3, 5]), .of([1, 1, 2, 2]), .of([1, 3, 8, 8])) != nil)
  }

  @Test func valuesOfARequestNeverTrap() throws {
    let boxes = Tensor.f32(Self.wild.flatMap { [0, 1, $0, 2] }, [4, 4])
    let proposals = try DetectronProposals(refinement()).evaluate([
      .f32(8, 8, 1), boxes, .f32([Double](repeating: .infinity, count: 16), [16, 1, 1]), .f32(Self.wild, [4, 1, 1]),
    ])
    #expect(proposals.map(\.shape) == [[3, 4], [3]])
    let found = try detections().evaluate([
      boxes, .f32([Double](repeating: .nan, count: 32), [4, 8]), .f32(Self.wild + Self.wild, [4, 2]),
      .f32([.nan, 8, 1], [1, 3]),
    ])
    #expect(found.map(\.shape) == [[3, 4], [3], [3]])
    let features = try DetectronFeatures(size: 2, samplingRatio: 2, scales: [8], isAligned: false)
    #expect(try features.evaluate([boxes, .f32([1, 2, 3, 4], [1, 1, 2, 2])])[0].shape == [4, 1, 2, 2])
  }
}
