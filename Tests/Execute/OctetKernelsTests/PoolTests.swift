import OctetKernels
import Testing

struct PoolCase: Sendable, CustomTestStringConvertible {
  var geometry: PoolGeometry
  var divisor = PoolGeometry.Divisor.taps

  var testDescription: String {
    "\(geometry.channels) channels, "
      + geometry.axes.map { "\($0.input) by \($0.kernel)/\($0.stride) at \($0.dilation)" }.joined(separator: " × ")
  }

  static let all: [PoolCase] =
    [1, 3, 16, 17, 64, 65, 300].map { channels in
      PoolCase(
        geometry: PoolGeometry(
          batch: 2, channels: channels,
          axes: [
            .init(input: 7, output: 4, kernel: 3, stride: 2, padBegin: 1, padEnd: 1),
            .init(input: 6, output: 6, kernel: 3, padBegin: 1, padEnd: 1),
          ], sourceStride: channels + 2, destinationStride: channels + 3))
    } + [
      // The whole image, more than 256 taps in a row and in all.
      PoolCase(
        geometry: PoolGeometry(
          batch: 1, channels: 5,
          axes: [.init(input: 2, output: 1, kernel: 2), .init(input: 300, output: 1, kernel: 300)])),
      PoolCase(
        geometry: PoolGeometry(
          batch: 1, channels: 17,
          axes: [.init(input: 17, output: 1, kernel: 17), .init(input: 19, output: 1, kernel: 19)])),
      // Ceil mode: the last window reaches past the padded image.
      PoolCase(
        geometry: PoolGeometry(
          batch: 1, channels: 5,
          axes: [
            .init(input: 6, output: 4, kernel: 3, stride: 2, padBegin: 1),
            .init(input: 6, output: 3, kernel: 3, stride: 2, padEnd: 1),
          ]), divisor: .paddedTaps),
      PoolCase(
        geometry: PoolGeometry(
          batch: 3, channels: 4, axes: [.init(input: 9, output: 9, kernel: 4, padBegin: 2, padEnd: 1)]),
        divisor: .kernel),
      PoolCase(
        geometry: PoolGeometry(
          batch: 2, channels: 6,
          axes: [
            .init(input: 4, output: 3, kernel: 2), .init(input: 9, output: 5, kernel: 3, dilation: 2),
            .init(input: 5, output: 7, kernel: 2, dilation: 2, padBegin: 2, padEnd: 2),
          ])),
      // The first and the last window see nothing but padding.
      PoolCase(
        geometry: PoolGeometry(
          batch: 1, channels: 3, axes: [.init(input: 2, output: 3, kernel: 2, stride: 2, padBegin: 2, padEnd: 2)])),
      PoolCase(
        geometry: PoolGeometry(
          batch: 1, channels: 24,
          axes: [
            .init(input: 40, output: 20, kernel: 2, stride: 2), .init(input: 40, output: 20, kernel: 2, stride: 2),
          ])),
    ]
}

/// One output pixel: the rows of source pixels under its window, and the divisor of each axis multiplied.
private struct Window {
  var pixel: Int
  var rows: [[Int]] = []
  var divisor = 1

  static func all(_ test: PoolCase) -> [Window] {
    let one = PoolGeometry.Axis(input: 1, output: 1, kernel: 1)
    let axes = Array(repeating: one, count: 3 - test.geometry.axes.count) + test.geometry.axes
    var windows: [Window] = []
    for image in 0..<test.geometry.batch {
      for d in 0..<axes[0].output {
        for h in 0..<axes[1].output {
          for w in 0..<axes[2].output {
            var window = Window(pixel: windows.count)
            let taps = zip(axes, [d, h, w]).map { positions(of: $1, along: $0) }
            for z in taps[0].inside {
              for y in taps[1].inside {
                let row = ((image * axes[0].input + z) * axes[1].input + y) * axes[2].input
                window.rows.append(taps[2].inside.map { row + $0 })
              }
            }
            let divisors = zip(axes, taps).map { axis, taps in
              switch test.divisor {
              case .taps: taps.inside.count
              case .paddedTaps: taps.padded
              case .kernel: axis.kernel
              }
            }
            window.divisor = divisors.reduce(1) { $0 * max(1, $1) }
            windows.append(window)
          }
        }
      }
    }
    return windows
  }

  private static func positions(of output: Int, along axis: PoolGeometry.Axis) -> (inside: [Int], padded: Int) {
    let positions = (0..<axis.kernel).map { output * axis.stride - axis.padBegin + $0 * axis.dilation }
    let padded = positions.filter { $0 >= -axis.padBegin && $0 < axis.input + axis.padEnd }.count
    return (positions.filter { $0 >= 0 && $0 < axis.input }, padded)
  }
}

struct PoolTests {
  private func check<Source: BitwiseCopyable, Result: BitwiseCopyable>(
    _ pool: Pool, _ test: PoolCase, _ source: [Source], _ result: Result.Type,
    meaning: (_ window: Window, _ channel: Int, _ read: (Int) -> Source) -> Result
  ) {
    let geometry = test.geometry
    let windows = Window.all(test)
    var expected = [Result](
      repeating: TestMemory<Result>.untouched, count: windows.count * geometry.destinationStride)
    for window in windows {
      for channel in 0..<geometry.channels {
        expected[window.pixel * geometry.destinationStride + channel] = meaning(window, channel) { pixel in
          source[pixel * geometry.sourceStride + channel]
        }
      }
    }
    for team in testTeams {
      let destination = TestMemory<Result>(count: expected.count)
      TestMemory(source).with { source in destination.with { pool.run(source, into: $0, team: team) } }
      #expect(firstDifference(destination.values, expected) == nil)
      #expect(destination.endIsUntouched)
    }
  }

  private func sourceCount(_ geometry: PoolGeometry) -> Int {
    geometry.axes.reduce(geometry.batch * geometry.sourceStride) { $0 * $1.input }
  }

  @Test(arguments: InstructionSet.allCases, PoolCase.all)
  func maximumIsTheGreatestTap(_ instructionSet: InstructionSet, _ test: PoolCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: UInt64(test.geometry.channels))
    let bytes = random.bytes(sourceCount(test.geometry))
    let unsigned = Pool(maximumOf: .u8, test.geometry, cpu: cpu)
    check(unsigned, test, bytes, UInt8.self) { window, _, read in window.rows.joined().map(read).max() ?? 0 }
    let signed = Pool(maximumOf: .i8, test.geometry, cpu: cpu)
    check(signed, test, bytes.map { Int8(bitPattern: $0) }, Int8.self) { window, _, read in
      window.rows.joined().map(read).max() ?? -128
    }
    var floats = random.floats(bytes.count, in: -9...9)
    for i in floats.indices where i % 5 == 0 { floats[i] = [Float.nan, .infinity, -.infinity, 1e30][i / 5 % 4] }
    let float = Pool(maximumOf: .f32, test.geometry, cpu: cpu)
    check(float, test, floats, Float.self) { window, _, read in
      window.rows.joined().map(read).reduce(-.infinity) { $1 > $0 ? $1 : $0 }
    }
  }

  @Test(arguments: InstructionSet.allCases, PoolCase.all)
  func averageFollowsTheFormula(_ instructionSet: InstructionSet, _ test: PoolCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let geometry = test.geometry
    var random = TestRandom(seed: UInt64(geometry.channels))
    let bytes = random.bytes(sourceCount(geometry))
    let scale = random.floats(geometry.channels, in: -2...2)
    let shift = random.floats(geometry.channels, in: 0...200)
    let zeroPoint: Float = 12.25

    func average(_ sum: Float, _ window: Window, _ channel: Int) -> Float {
      let taps = Float(window.rows.reduce(0) { $0 + $1.count })
      return (sum - zeroPoint * taps) / Float(window.divisor) * scale[channel] + shift[channel]
    }
    func byte(_ y: Float) -> UInt8 { UInt8(min(max(y, 3), 250).rounded(.toNearestOrEven)) }

    for element in [VectorElement.u8, .i8] {
      func sum(_ window: Window, _ read: (Int) -> UInt8) -> Float {
        Float(
          window.rows.joined().reduce(0) { $0 + (element == .u8 ? Int(read($1)) : Int(Int8(bitPattern: read($1)))) })
      }
      let toFloats = Pool(
        averageOf: element, geometry, divisor: test.divisor, zeroPoint: zeroPoint, scale: scale, shift: shift,
        cpu: cpu)
      check(toFloats, test, bytes, Float.self) { window, channel, read in average(sum(window, read), window, channel) }
      let toBytes = Pool(
        averageOf: element, geometry, divisor: test.divisor, zeroPoint: zeroPoint, scale: scale, shift: shift,
        result: .bytes(low: 3, high: 250), cpu: cpu)
      check(toBytes, test, bytes, UInt8.self) { window, channel, read in
        byte(average(sum(window, read), window, channel))
      }
    }

    let floats = random.floats(bytes.count, in: -100...100)
    let toFloats = Pool(
      averageOf: .f32, geometry, divisor: test.divisor, zeroPoint: zeroPoint, scale: scale, shift: shift, cpu: cpu)
    check(toFloats, test, floats, Float.self) { window, channel, read in
      average(window.rows.map { $0.map(read).reduce(0, +) }.reduce(0, +), window, channel)
    }
  }
}
