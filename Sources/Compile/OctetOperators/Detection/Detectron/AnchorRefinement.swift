package import OctetGraph
import OctetTensor

/// Proposals of one image: anchors moved by offsets, the best that do not overlap a better one. Shared by
/// ExperimentalDetectronGenerateProposalsSingleImage and GenerateProposals.
package struct AnchorRefinement: Hashable, Sendable {
  /// Sizes grow by at most this power of e: 1000 pixels from 16.
  private static let largestGrowth = 4.135166556742356

  package let smallestSize: Double
  package let overlapThreshold: Double
  /// Before and after sieving.
  package let candidateLimit: Int
  package let keepLimit: Int
  /// Whether a box ends before its last pixel.
  package let isNormalized: Bool

  package init(
    smallestSize: Double, overlapThreshold: Double, candidateLimit: Int, keepLimit: Int, isNormalized: Bool = false
  ) throws(OperatorError) {
    guard (1...1 << 20).contains(keepLimit), candidateLimit >= 0 else {
      throw .mismatch("limits of proposals", expected: "1 to \(1 << 20)", found: "\(candidateLimit) and \(keepLimit)")
    }
    self.smallestSize = smallestSize
    self.overlapThreshold = overlapThreshold
    self.candidateLimit = candidateLimit
    self.keepLimit = keepLimit
    self.isNormalized = isNormalized
  }

  /// - Parameters:
  ///   - anchors: four corners for each anchor of each cell.
  ///   - overlapPixel: what the last pixel of a box adds to its size where overlaps are measured.
  ///   - offsets: planes of H·W, four for each anchor.
  ///   - scores: planes of H·W, one for each anchor.
  func proposals(
    anchors: [Double], overlapPixel: Double, offsets: ArraySlice<Double>, scores: ArraySlice<Double>, count: Int,
    area: Int, height: Double, width: Double, _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [(box: Box, score: Double)] {
    let pixel = isNormalized ? 0.0 : 1
    var found: [(box: Box, score: Double)] = []
    for cell in 0..<area {
      for index in 0..<count {
        var moves = SIMD4<Double>()
        for part in 0..<4 {
          let move = offsets[offsets.startIndex + (index * 4 + part) * area + cell]
          moves[part] = part < 2 ? move : min(move, Self.largestGrowth)
        }
        let box = Box(anchors[((cell * count + index) * 4)...].prefix(4)).closed(by: pixel).moved(centre: moves)
          .closed(by: -pixel).clipped(width: width - pixel, height: height - pixel)
        let isLarge = box.width + pixel >= smallestSize && box.height + pixel >= smallestSize
        found.append((box, isLarge ? scores[scores.startIndex + index * area + cell] : 0))
      }
    }
    let suppression = Suppression(
      overlapThreshold: overlapThreshold, candidateLimit: candidateLimit, keepLimit: keepLimit, pixel: overlapPixel,
      needsTouch: true)
    let order = Suppression.bestFirst(found.indices) { found[$0].score }
    return try suppression.taken(found.map(\.box), order: order, &budget).map { found[$0] }
  }
}
