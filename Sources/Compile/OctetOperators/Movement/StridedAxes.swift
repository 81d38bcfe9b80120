import OctetKernels

/// Two sequences of offsets as nested loops:
///
///     sources[i] = sources[0] + Σ kᵢ[a]·sourceStride[a],   destinations[i] likewise
///
/// where kᵢ are the digits of i to the bases `extent`, the last axis being the lowest digit.
struct StridedAxes {
  private struct Axis {
    let extent: Int
    let sourceStride: Int
    let destinationStride: Int
  }

  /// The innermost first.
  private var axes: [Axis] = []

  private static let maximumAxes = 8

  /// Fails when the sequences follow no such loops, or too many.
  init?(from sources: [Int], to destinations: [Int]) {
    let count = sources.count
    var block = 1
    while block < count {
      let (sourceStep, destinationStep) = (sources[block] - sources[0], destinations[block] - destinations[0])
      func continues(_ round: Int) -> Bool {
        sources[round * block] == sources[0] + round * sourceStep
          && destinations[round * block] == destinations[0] + round * destinationStep
      }
      var extent = 2
      while (extent + 1) * block <= count, continues(extent) { extent += 1 }
      guard axes.count < Self.maximumAxes, count % (extent * block) == 0 else { return nil }
      axes.append(Axis(extent: extent, sourceStride: sourceStep, destinationStride: destinationStep))
      block *= extent
    }
    guard (0..<count).allSatisfy({ place($0) == (sources[$0] - sources[0], destinations[$0] - destinations[0]) })
    else { return nil }
  }

  private func place(_ index: Int) -> (source: Int, destination: Int) {
    var (rest, source, destination) = (index, 0, 0)
    for axis in axes {
      source += rest % axis.extent * axis.sourceStride
      destination += rest % axis.extent * axis.destinationStride
      rest /= axis.extent
    }
    return (source, destination)
  }

  /// The loops as a kernel takes them, for elements of `elementSize` bytes.
  func reorderAxes(elementSize: Int) -> [Reorder.Axis] {
    axes.reversed().map {
      Reorder.Axis(
        extent: $0.extent, sourceStride: $0.sourceStride * elementSize,
        destinationStride: $0.destinationStride * elementSize)
    }
  }
}
