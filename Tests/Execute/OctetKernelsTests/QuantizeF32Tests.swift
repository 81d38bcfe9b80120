import OctetKernels
import Testing

/// The definition, element by element.
private func meaning(_ x: Float, scale: Float, shift: Float, low: Float, high: Float, offset: Int32) -> UInt8 {
  let value = x * scale + shift
  let clamped = min(value > low ? value : low, high)
  return UInt8(truncatingIfNeeded: Int32(clamped.rounded(.toNearestOrEven)) + offset)
}

struct QuantizeCase: Sendable, CustomTestStringConvertible {
  var change: LayoutChange
  var perChannel = true
  var low: Int32 = 0, high: Int32 = 255, offset: Int32 = 0
  var written: Int?

  var testDescription: String {
    "\(change.batch)×\(change.channels)×\(change.inner) \(change.source) to \(change.destination)"
      + " per \(perChannel ? "channel" : "tensor") in \(low)...\(high) + \(offset)"
  }

  static let all: [QuantizeCase] =
    [1, 3, 4, 15, 16, 17, 33].flatMap { channels in
      [1, 15, 16, 49, 300].flatMap { inner in
        [
          QuantizeCase(change: .init(batch: 2, channels: channels, inner: inner, from: .planar, to: .planar)),
          QuantizeCase(
            change: .init(
              batch: 2, channels: channels, inner: inner, from: .planar, to: .channelsLast(stride: channels))),
          QuantizeCase(
            change: .init(
              batch: 1, channels: channels, inner: inner, from: .planar, to: .channelsLast(stride: channels + 3)),
            low: -128, high: 127),
          QuantizeCase(
            change: .init(
              batch: 1, channels: channels, inner: inner, from: .channelsLast(stride: channels + 1),
              to: .channelsLast(stride: channels + 2)), perChannel: false, low: -7, high: 248, offset: 7),
          QuantizeCase(
            change: .init(
              batch: 4, channels: channels, inner: inner, from: .channelsLast(stride: channels),
              to: .channelsLast(stride: channels))),
        ]
      }
    } + [
      QuantizeCase(
        change: .init(batch: 1, channels: 3, inner: 224 * 5 + 3, from: .planar, to: .channelsLast(stride: 4)),
        written: 4),
      QuantizeCase(
        change: .init(batch: 2, channels: 3, inner: 19, from: .planar, to: .channelsLast(stride: 22)), written: 20),
      QuantizeCase(
        change: .init(batch: 1, channels: 3, inner: 5, from: .planar, to: .planar), perChannel: false),
      QuantizeCase(change: .init(batch: 2, channels: 1, inner: 37, from: .channelsLast(stride: 3), to: .planar)),
      QuantizeCase(
        change: .init(batch: 2, channels: 24, inner: 2003, from: .planar, to: .channelsLast(stride: 32))),
      QuantizeCase(change: .init(batch: 0, channels: 3, inner: 5, from: .planar, to: .planar)),
    ]
}

struct QuantizeF32Tests {
  @Test(arguments: InstructionSet.allCases, QuantizeCase.all)
  func equalsDefinition(_ instructionSet: InstructionSet, _ test: QuantizeCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let change = test.change
    var random = TestRandom(seed: UInt64(change.channels * 1000 + change.inner))
    var source = random.floats(change.extent(of: change.source), in: -3...3)
    for i in source.indices where i % 3 == 0 { source[i] = awkwardFloats[i / 3 % awkwardFloats.count] }
    let count = test.perChannel ? change.channels : 1
    let scale = random.floats(count, in: 20...90).map { $0.rounded() }
    let shift = random.floats(count, in: -20...200).map { $0.rounded() }

    var expected = [UInt8](repeating: TestMemory<UInt8>.untouched, count: change.extent(of: change.destination))
    for image in 0..<change.batch {
      for pixel in 0..<change.inner {
        for channel in change.channels..<max(test.written ?? 0, change.channels) {
          expected[change.offset(in: change.destination, image, channel, pixel)] = 0
        }
        for channel in 0..<change.channels {
          expected[change.offset(in: change.destination, image, channel, pixel)] = meaning(
            source[change.offset(in: change.source, image, channel, pixel)], scale: scale[channel % count],
            shift: shift[channel % count], low: Float(test.low), high: Float(test.high), offset: test.offset)
        }
      }
    }

    let quantize = QuantizeF32(
      change, scale: scale, shift: shift, low: test.low, high: test.high, offset: test.offset, written: test.written,
      cpu: cpu)
    for team in testTeams {
      let destination = TestMemory<UInt8>(count: expected.count)
      TestMemory(source).with { source in destination.with { quantize.run(source, into: $0, team: team) } }
      #expect(firstDifference(destination.values, expected) == nil)
      #expect(destination.endIsUntouched)
    }
  }

  @Test func kernelIsTheBestThatTheProcessorRuns() {
    let change = LayoutChange(batch: 1, channels: 1, inner: 1, from: .planar, to: .planar)
    let quantize = QuantizeF32(change, scale: [1], shift: [0], low: 0, high: 255, cpu: CPU(upTo: .scalar))
    #expect(quantize.kernelName == "quantize_f32__scalar")
  }
}
