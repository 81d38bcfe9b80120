import OctetKernels
import Testing

struct ResampleCase: Sendable, CustomTestStringConvertible {
  var channels: Int
  var element: VectorElement
  var result: VectorResult
  var gap = 0

  var testDescription: String { "\(channels) channels of \(element) to \(result), \(gap) apart" }

  static let all: [ResampleCase] = [1, 3, 15, 16, 17, 64, 81].flatMap { channels in
    [
      ResampleCase(channels: channels, element: .f32, result: .f32),
      ResampleCase(channels: channels, element: .u8, result: .bytes(low: 3, high: 200), gap: 5),
      ResampleCase(channels: channels, element: .i8, result: .f32, gap: 1),
      ResampleCase(channels: channels, element: .f32, result: .u8, gap: 2),
    ]
  }
}

struct ResampleTests {
  private let rows = Resample.Axis(
    sourceExtent: 3,
    taps: [[.init(index: 2, weight: 0.75), .init(index: 0, weight: 0.25)], [.init(index: 1, weight: 1)]])
  private let columns = Resample.Axis(
    sourceExtent: 4,
    taps: [
      [.init(index: 0, weight: 1)], [], [.init(index: 3, weight: -0.5), .init(index: 1, weight: 1.5)],
      [.init(index: 2, weight: 0.5), .init(index: 2, weight: 0.25), .init(index: 3, weight: 0.25)],
      [.init(index: 3, weight: 2)],
    ])
  private let batch = 2

  private func pixels(_ body: (_ image: Int, _ row: Int, _ column: Int) -> Void) {
    for image in 0..<batch {
      for row in rows.taps.indices {
        for column in columns.taps.indices { body(image, row, column) }
      }
    }
  }

  @Test(arguments: InstructionSet.allCases, ResampleCase.all)
  func equalsDefinition(_ instructionSet: InstructionSet, _ test: ResampleCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let stride = test.channels + test.gap
    var random = TestRandom(seed: UInt64(test.channels))
    let count = batch * rows.sourceExtent * columns.sourceExtent * stride
    let bytes = random.bytes(count)
    let floats = random.floats(count, in: -100...100)
    func x(_ index: Int) -> Float {
      switch test.element {
      case .u8: Float(bytes[index])
      case .i8: Float(Int8(bitPattern: bytes[index]))
      case .f32: floats[index]
      }
    }
    let (shift, clamp, scale, offset) = (Float(0.5), Float(-20)...Float(90), Float(1.5), Float(-3))
    let destinationCount = batch * rows.taps.count * columns.taps.count * stride
    var expected = [Float](repeating: .nan, count: destinationCount)
    pixels { image, row, column in
      for channel in 0..<test.channels {
        var v = shift
        for r in rows.taps[row] {
          for c in columns.taps[column] {
            let pixel = (image * rows.sourceExtent + r.index) * columns.sourceExtent + c.index
            v += x(pixel * stride + channel) * (r.weight * c.weight)
          }
        }
        let pixel = (image * rows.taps.count + row) * columns.taps.count + column
        expected[pixel * stride + channel] = min(max(v, clamp.lowerBound), clamp.upperBound) * scale + offset
      }
    }

    let resample = Resample(
      .init(batch: batch, channels: test.channels, sourceStride: stride, destinationStride: stride), rows: rows,
      columns: columns, element: test.element, shift: shift,
      epilogue: .init(clamp: clamp, affine: Affine(scale: [scale], shift: [offset]), result: test.result), cpu: cpu)
    for team in testTeams {
      func run<Source: BitwiseCopyable, Result: BitwiseCopyable>(_ source: [Source], _ wanted: [Result]) {
        let destination = TestMemory<Result>(count: destinationCount)
        TestMemory(source).with { source in destination.with { resample.run(source, into: $0, team: team) } }
        #expect(firstDifference(destination.values, wanted) == nil)
        #expect(destination.endIsUntouched)
      }
      switch test.result {
      case .f32:
        let wanted = expected.map { $0.isNaN ? TestMemory<Float>.untouched : $0 }
        if test.element == .f32 { run(floats, wanted) } else { run(bytes, wanted) }
      case .bytes(let low, let high):
        let wanted = expected.map { y in
          y.isNaN
            ? TestMemory<UInt8>.untouched
            : UInt8(min(max(y, Float(low)), Float(high)).rounded(.toNearestOrEven))
        }
        if test.element == .f32 { run(floats, wanted) } else { run(bytes, wanted) }
      }
    }
  }

  @Test(arguments: InstructionSet.allCases, [1, 2, 4, 8])
  func singlePixelsAreCopied(_ instructionSet: InstructionSet, _ size: Int) throws {
    let cpu = try instructionSet.cpuOrCancel()
    let rows = Resample.Axis(sourceExtent: 3, taps: [2, 0, 0, 1].map { [.init(index: $0, weight: 1)] })
    let columns = Resample.Axis(sourceExtent: 2, taps: [1, 1, 0].map { [.init(index: $0, weight: 1)] })
    for channels in [1, 3, 16, 65] {
      let images = Resample.Images(
        batch: 2, channels: channels, sourceStride: channels + 1, destinationStride: channels + 2)
      let resample = try #require(
        Resample(copying: images, rows: rows, columns: columns, elementSize: size, cpu: cpu))
      var random = TestRandom(seed: UInt64(channels))
      let source = random.bytes(2 * 3 * 2 * (channels + 1) * size)
      let untouched = TestMemory<UInt8>.untouched
      var expected = [UInt8](repeating: untouched, count: 2 * 4 * 3 * (channels + 2) * size)
      for image in 0..<2 {
        for (row, taps) in rows.taps.enumerated() {
          for (column, others) in columns.taps.enumerated() {
            let from = ((image * 3 + taps[0].index) * 2 + others[0].index) * (channels + 1) * size
            let to = ((image * 4 + row) * 3 + column) * (channels + 2) * size
            for byte in 0..<channels * size { expected[to + byte] = source[from + byte] }
          }
        }
      }
      for team in testTeams {
        let destination = TestMemory<UInt8>(count: expected.count)
        TestMemory(source).with { source in destination.with { resample.run(source, into: $0, team: team) } }
        #expect(firstDifference(destination.values, expected) == nil)
        #expect(destination.endIsUntouched)
      }
    }
  }

  @Test func sumsAreNotCopied() {
    let images = Resample.Images(batch: 1, channels: 1, sourceStride: 1, destinationStride: 1)
    #expect(Resample(copying: images, rows: rows, columns: columns, elementSize: 1) == nil)
  }
}
