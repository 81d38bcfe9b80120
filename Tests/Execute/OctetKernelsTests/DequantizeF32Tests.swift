import OctetKernels
import Testing

struct DequantizeCase: Sendable, CustomTestStringConvertible {
  var change: LayoutChange
  var signed = false
  var perChannel = true
  var clamp: ClosedRange<Float> = -.infinity ... .infinity

  var testDescription: String {
    "\(change.batch)×\(change.channels)×\(change.inner) \(change.source) to \(change.destination)"
      + " of \(signed ? "i8" : "u8") per \(perChannel ? "channel" : "tensor")"
  }

  static let all: [DequantizeCase] =
    [1, 3, 4, 15, 16, 17, 33].flatMap { channels in
      [1, 15, 16, 17, 300].flatMap { inner in
        let dense = LayoutChange.Side.channelsLast(stride: channels)
        let wide = LayoutChange.Side.channelsLast(stride: channels + 5)
        return [
          DequantizeCase(change: .init(batch: 2, channels: channels, inner: inner, from: dense, to: .planar)),
          DequantizeCase(
            change: .init(batch: 2, channels: channels, inner: inner, from: wide, to: .planar), signed: true),
          DequantizeCase(
            change: .init(batch: 1, channels: channels, inner: inner, from: .planar, to: .planar), signed: true,
            clamp: 0...6),
          DequantizeCase(
            change: .init(batch: 1, channels: channels, inner: inner, from: dense, to: dense), perChannel: false),
          DequantizeCase(
            change: .init(batch: 2, channels: channels, inner: inner, from: wide, to: wide), signed: true,
            clamp: 0 ... .infinity),
        ]
      }
    } + [
      DequantizeCase(
        change: .init(batch: 2, channels: 1, inner: 37, from: .planar, to: .channelsLast(stride: 3)), signed: true),
      DequantizeCase(
        change: .init(batch: 2, channels: 24, inner: 2003, from: .channelsLast(stride: 32), to: .planar)),
    ]
}

struct DequantizeF32Tests {
  @Test(arguments: InstructionSet.allCases, DequantizeCase.all)
  func equalsDefinition(_ instructionSet: InstructionSet, _ test: DequantizeCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let change = test.change
    var random = TestRandom(seed: UInt64(change.channels * 1000 + change.inner))
    let source = random.bytes(change.extent(of: change.source))
    let count = test.perChannel ? change.channels : 1
    let scale = random.floats(count, in: -1...1)
    let shift = random.floats(count, in: -20...200)

    var expected = [Float](repeating: TestMemory<Float>.untouched, count: change.extent(of: change.destination))
    for image in 0..<change.batch {
      for channel in 0..<change.channels {
        for pixel in 0..<change.inner {
          let byte = source[change.offset(in: change.source, image, channel, pixel)]
          let x = test.signed ? Float(Int8(bitPattern: byte)) : Float(byte)
          let y = x * scale[channel % count] + shift[channel % count]
          expected[change.offset(in: change.destination, image, channel, pixel)] =
            min(max(y, test.clamp.lowerBound), test.clamp.upperBound)
        }
      }
    }

    let dequantize = DequantizeF32(
      change, signed: test.signed, scale: scale, shift: shift, clamp: test.clamp, cpu: cpu)
    for team in testTeams {
      let destination = TestMemory<Float>(count: expected.count)
      TestMemory(source).with { source in destination.with { dequantize.run(source, into: $0, team: team) } }
      #expect(firstDifference(destination.values, expected) == nil)
      #expect(destination.endIsUntouched)
    }
  }
}
