import OctetGraph

/// Channels whose integers stand for real values in the same way.
struct ChannelRun {
  /// Nil for all channels.
  let channels: Range<Int>?
  /// For each channel, whether it takes part: the weights of the others are 0. Nil when all do.
  var members: [Bool]?
  let scalesPerGroup: [Double]
  /// One, or one per channel.
  let zeroPoints: [Double]

  /// Each run reads and writes all output pixels: with many that sum little, f32 is faster.
  private static let maximumRuns = 8
  private static let productsPerRun = 16
  /// Each of these multiplies everything: with more of them, f32 is faster.
  private static let maximumMaskedRuns = 4

  /// Runs that one kernel call can sum: all channels when they agree inside every group, else the longest stretches of
  /// equal scale and zero point. Nil when these are too many to be worth a call each.
  static func all(of x: Dequantization, _ weights: WeightShape, isGrouped: Bool) -> [ChannelRun]? {
    let scales = x.expandedScales(weights.inputChannels)
    let zeroPoints = x.expandedZeroPoints(weights.inputChannels)
    guard x.isPerTensor || x.axes == 1..<2, scales.count == weights.inputChannels else { return nil }
    let groupStarts = stride(from: 0, to: weights.inputChannels, by: weights.inputsPerGroup)
    let agreeInGroups = groupStarts.allSatisfy { start in
      let group = start..<start + weights.inputsPerGroup
      return group.allSatisfy { scales[$0] == scales[start] && zeroPoints[$0] == zeroPoints[start] }
    }
    if agreeInGroups {
      let isUniform = Set(zeroPoints).count == 1
      return [
        ChannelRun(
          channels: nil, scalesPerGroup: groupStarts.map { scales[$0] },
          zeroPoints: isUniform ? [zeroPoints[0]] : zeroPoints)
      ]
    }
    if isGrouped { return masked(scales, zeroPoints) }
    let runs = stretches(scales, zeroPoints)
    let products = weights.inputChannels * weights.kernel.reduce(1, *)
    return runs.count <= max(maximumRuns, products / productsPerRun) ? runs : nil
  }

  private static func stretches(_ scales: [Double], _ zeroPoints: [Double]) -> [ChannelRun] {
    var runs: [ChannelRun] = []
    var start = 0
    for channel in 1...scales.count
    where channel == scales.count || scales[channel] != scales[start] || zeroPoints[channel] != zeroPoints[start] {
      runs.append(
        ChannelRun(channels: start..<channel, scalesPerGroup: [scales[start]], zeroPoints: [zeroPoints[start]]))
      start = channel
    }
    return runs
  }

  /// Groups begin and end where they want: every run sees all channels, most of them with weights of 0.
  private static func masked(_ scales: [Double], _ zeroPoints: [Double]) -> [ChannelRun]? {
    var runs: [ChannelRun] = []
    for channel in scales.indices where !runs.contains(where: { $0.members?[channel] == true }) {
      guard runs.count < maximumMaskedRuns else { return nil }
      let members = scales.indices.map { scales[$0] == scales[channel] && zeroPoints[$0] == zeroPoints[channel] }
      runs.append(
        ChannelRun(
          channels: nil, members: members, scalesPerGroup: [scales[channel]], zeroPoints: [zeroPoints[channel]]))
    }
    return runs
  }
}
