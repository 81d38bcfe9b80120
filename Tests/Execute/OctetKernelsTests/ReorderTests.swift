import OctetKernels
import Testing

/// The definition, byte by byte.
private func meaning(
  _ axes: [Reorder.Axis], elementSize: Int, source: [UInt8], origin: Int, destination: inout [UInt8]
) {
  let count = axes.reduce(1) { $0 * $1.extent }
  for number in 0..<count {
    var rest = number
    var from = origin
    var to = 0
    for axis in axes.reversed() {
      from += rest % axis.extent * axis.sourceStride
      to += rest % axis.extent * axis.destinationStride
      rest /= axis.extent
    }
    for byte in 0..<elementSize { destination[to + byte] = source[from + byte] }
  }
}

private let elementSizes = [1, 2, 4, 8]

struct ReorderTests {
  private func check(_ reorder: Reorder, _ axes: [Reorder.Axis], elementSize: Int, origin: Int = 0) {
    var random = TestRandom(seed: 7)
    let reach = axes.reduce((source: origin, destination: 0)) { reach, axis in
      let steps = max(axis.extent - 1, 0)
      return (reach.source + max(0, steps * axis.sourceStride), reach.destination + steps * axis.destinationStride)
    }
    let source = random.bytes(reach.source + elementSize)
    var expected = [UInt8](repeating: TestMemory<UInt8>.untouched, count: reach.destination + elementSize)
    meaning(axes, elementSize: elementSize, source: source, origin: origin, destination: &expected)
    for team in testTeams {
      let destination = TestMemory<UInt8>(count: expected.count)
      TestMemory(source).with { source in
        destination.with { reorder.run(source + origin, into: $0, team: team) }
      }
      #expect(firstDifference(destination.values, expected) == nil)
      #expect(destination.endIsUntouched)
    }
  }

  @Test(arguments: elementSizes, [1, 2, 3, 16, 17, 33])
  func layoutChangesMoveEveryChannelOfEveryPixel(elementSize: Int, channels: Int) {
    for inner in [1, 15, 17, 100] {
      for gap in [0, 3] {
        let wide = LayoutChange.Side.channelsLast(stride: channels + gap)
        let planar = [channels * inner, inner, 1]
        let last = [inner * (channels + gap), 1, channels + gap]
        for (source, destination) in [(planar, last), (last, planar), (last, last)] {
          let change = LayoutChange(
            batch: 2, channels: channels, inner: inner, from: source == planar ? .planar : wide,
            to: destination == planar ? .planar : wide)
          let axes = zip([2, channels, inner], zip(source, destination)).map {
            Reorder.Axis(extent: $0, sourceStride: $1.0 * elementSize, destinationStride: $1.1 * elementSize)
          }
          check(Reorder(change, elementSize: elementSize), axes, elementSize: elementSize)
        }
      }
    }
  }

  @Test(
    arguments: elementSizes,
    [
      [], [0], [0, 1], [1, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [0, 2, 3, 1], [3, 1, 0, 2], [4, 2, 0, 3, 1],
      [7, 5, 3, 1, 6, 4, 2, 0],
    ])
  func transpositionPermutesAxes(elementSize: Int, permutation: [Int]) {
    let extents = Array([5, 3, 17, 2, 4, 3, 1, 2].prefix(permutation.count))
    let strides = extents.indices.map { extents[($0 + 1)...].reduce(elementSize, *) }
    let result = permutation.map { extents[$0] }
    let axes = permutation.indices.map { axis in
      Reorder.Axis(
        extent: result[axis], sourceStride: strides[permutation[axis]],
        destinationStride: result[(axis + 1)...].reduce(elementSize, *))
    }
    let reorder = Reorder(axes, elementSize: elementSize)
    check(reorder, axes, elementSize: elementSize)
  }

  @Test(arguments: [1, 2, 3, 4, 8, 24, 63, 64, 65, 1000, 40000])
  func rowsAreCopiedBetweenStrides(bytes: Int) {
    let reorder = Reorder(rows: 7, bytes: bytes, sourceStride: bytes + 5, destinationStride: bytes + 11)
    let axes = [
      Reorder.Axis(extent: 7, sourceStride: bytes + 5, destinationStride: bytes + 11),
      Reorder.Axis(extent: bytes, sourceStride: 1, destinationStride: 1),
    ]
    check(reorder, axes, elementSize: 1)
  }

  @Test(arguments: elementSizes)
  func stepsMayRepeatSkipAndReverse(size: Int) {
    let axes = [
      Reorder.Axis(extent: 5, sourceStride: 0, destinationStride: 21 * size),
      Reorder.Axis(extent: 7, sourceStride: -6 * size, destinationStride: 3 * size),
      Reorder.Axis(extent: 3, sourceStride: 2 * size, destinationStride: size),
    ]
    check(Reorder(axes, elementSize: size), axes, elementSize: size, origin: 36 * size)
  }

  @Test func nothingToMoveMovesNothing() {
    let axes = [Reorder.Axis(extent: 0, sourceStride: 4, destinationStride: 4)]
    check(Reorder(axes, elementSize: 4), axes, elementSize: 4)
  }
}
