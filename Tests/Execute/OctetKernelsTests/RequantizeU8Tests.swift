import OctetKernels
import Testing

struct RequantizeCase: Sendable, CustomTestStringConvertible {
  var change: LayoutChange
  var signed = false
  var perChannel = true
  var bounds: ClosedRange<Int32> = 0...255

  var testDescription: String {
    "\(change.batch)×\(change.channels)×\(change.inner) \(change.source) to \(change.destination)"
      + " of \(signed ? "i8" : "u8") per \(perChannel ? "channel" : "tensor") in \(bounds)"
  }

  static let all: [RequantizeCase] = [1, 3, 15, 16, 17, 33].flatMap { channels in
    [1, 15, 16, 17, 300].flatMap { inner in
      let dense = LayoutChange.Side.channelsLast(stride: channels)
      let wide = LayoutChange.Side.channelsLast(stride: channels + 5)
      return [
        RequantizeCase(
          change: .init(batch: 2, channels: channels, inner: inner, from: .planar, to: .planar), signed: true),
        RequantizeCase(
          change: .init(batch: 2, channels: channels, inner: inner, from: wide, to: dense), bounds: 3...200),
        RequantizeCase(
          change: .init(batch: 1, channels: channels, inner: inner, from: dense, to: dense), perChannel: false),
        RequantizeCase(
          change: .init(batch: 1, channels: channels, inner: inner, from: dense, to: wide), signed: true),
      ]
    }
  }
}

struct RequantizeU8Tests {
  @Test(arguments: InstructionSet.allCases, RequantizeCase.all)
  func equalsDefinition(_ instructionSet: InstructionSet, _ test: RequantizeCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let change = test.change
    var random = TestRandom(seed: UInt64(change.channels * 1000 + change.inner))
    let source = random.bytes(change.extent(of: change.source))
    let count = test.perChannel ? change.channels : 1
    let scale = random.floats(count, in: -3...3)
    let shift = random.floats(count, in: -50...300)

    var expected = [UInt8](repeating: TestMemory<UInt8>.untouched, count: change.extent(of: change.destination))
    for image in 0..<change.batch {
      for channel in 0..<change.channels {
        for pixel in 0..<change.inner {
          let byte = source[change.offset(in: change.source, image, channel, pixel)]
          let q = test.signed ? Float(Int8(bitPattern: byte)) : Float(byte)
          let y = q * scale[channel % count] + shift[channel % count]
          let rounded = min(max(y, Float(test.bounds.lowerBound)), Float(test.bounds.upperBound))
            .rounded(.toNearestOrEven)
          expected[change.offset(in: change.destination, image, channel, pixel)] = UInt8(rounded)
        }
      }
    }

    let requantize = RequantizeU8(
      change, signed: test.signed, scale: scale, shift: shift, low: test.bounds.lowerBound,
      high: test.bounds.upperBound, cpu: cpu)
    for team in testTeams {
      let destination = TestMemory<UInt8>(count: expected.count)
      TestMemory(source).with { source in destination.with { requantize.run(source, into: $0, team: team) } }
      #expect(firstDifference(destination.values, expected) == nil)
      #expect(destination.endIsUntouched)
    }
  }
}
