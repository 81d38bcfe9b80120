import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

/// Copies elements that every axis selects by itself: y[i₀, i₁, …] = x[indices₀[i₀], indices₁[i₁], …], or the border where one
/// of them is nil.
struct AxisSelection: Primitive {
  /// Elements that stand together in x and in y, or in y alone. Offsets are in bytes.
  private struct Run {
    /// Nil for border.
    let source: Int?
    let destination: Int
    var byteCount: Int
  }

  /// One position after the other, a row for each.
  private struct Axis {
    let sources: [Int?]
    let destinationStride: Int
  }

  /// A plan holds a few numbers for every position of an axis.
  private static let largestExtent = 1 << 22

  private let outer: [Axis]
  private let runs: [Run]
  /// As much border as the longest run.
  private let border: [UInt8]
  private let rows: Int
  private let rowBytes: Int

  static func canSelect(from source: Shape, to result: Shape) -> Bool {
    (source.extents + result.extents).allSatisfy { $0 <= largestExtent }
  }

  /// Reads x and writes y in the layout in which x is at hand.
  ///
  /// - Parameter border: one element; nil where no index is.
  init(_ indices: [[Int?]], border: Tensor?, _ site: LoweringSite) throws(OperatorError) {
    let shape = try site.shape(ofResult: 0)
    let layout = shape.rank > 2 && !site.isModelOutput(0) ? site.preferredLayout(ofOperand: 0) : .planar
    let (x, y) = (try site.operand(0, layout), try site.result(0, layout))
    let size = x.elementType.bitWidth / 8
    let strides = zip(x.strides(broadcastTo: x.shape), y.strides(broadcastTo: y.shape)).map { ($0 * size, $1 * size) }
    let order = layout == .channelsLast ? [0] + Array(2..<shape.rank) + [1] : Array(0..<shape.rank)
    // Whole axes at the end are one piece.
    var axes = order[...]
    var chunk = size
    while let last = axes.last, strides[last] == (chunk, chunk), indices[last] == Array(0..<x.shape[last]) {
      chunk *= x.shape[last]
      axes.removeLast()
    }
    var runs = [Run(source: 0, destination: 0, byteCount: chunk)]
    if let last = axes.popLast() {
      runs = Self.runs(indices[last], chunk, strides[last].0, strides[last].1)
    }
    self.runs = runs
    outer = axes.map { axis in
      Axis(sources: indices[axis].map { $0.map { $0 * strides[axis].0 } }, destinationStride: strides[axis].1)
    }
    rows = outer.reduce(1) { $0 * $1.sources.count }
    rowBytes = runs.reduce(0) { $0 + $1.byteCount }
    let longest = runs.map(\.byteCount).max() ?? 0
    let element = border?.withUnsafeBytes { Array($0.prefix(size)) } ?? [UInt8](repeating: 0, count: size)
    self.border = (0..<longest).map { element[$0 % size] }
  }

  /// The positions of an axis, neighbours joined.
  private static func runs(_ indices: [Int?], _ chunk: Int, _ sourceStride: Int, _ destinationStride: Int) -> [Run] {
    var runs: [Run] = []
    for (position, index) in indices.enumerated() {
      let (source, destination) = (index.map { $0 * sourceStride }, position * destinationStride)
      if let last = runs.last, last.destination + last.byteCount == destination,
        source == last.source.map({ $0 + last.byteCount })
      {
        runs[runs.count - 1].byteCount += chunk
      } else {
        runs.append(Run(source: source, destination: destination, byteCount: chunk))
      }
    }
    return runs
  }

  var kernelName: String { "select" }

  func execute(_ step: borrowing StepBuffers) {
    let (source, destination) = (step.operand(0), step.result(0))
    step.team.forParts(of: rows, byteCount: rows * rowBytes) { copy($0, source, destination) }
  }

  private func copy(_ rows: Range<Int>, _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer) {
    border.withUnsafeBytes { border in
      for row in rows {
        var (rest, to, from) = (row, 0, Int?.some(0))
        for axis in outer.reversed() {
          let (next, position) = rest.quotientAndRemainder(dividingBy: axis.sources.count)
          to += position * axis.destinationStride
          if let base = from, let own = axis.sources[position] { from = base + own } else { from = nil }
          rest = next
        }
        for run in runs {
          let target = destination + to + run.destination
          if let from, let own = run.source {
            target.copyMemory(from: source + from + own, byteCount: run.byteCount)
          } else if let base = border.baseAddress {
            target.copyMemory(from: base, byteCount: run.byteCount)
          }
        }
      }
    }
  }
}

extension WorkerTeam {
  /// Copying fewer bytes than this is done sooner than another thread is told.
  private static let bytesPerTask = 1 << 18

  /// Splits `count` equal pieces of work, which move `byteCount` bytes in all, among the threads.
  func forParts(of count: Int, byteCount: Int, _ body: (Range<Int>) -> Void) {
    let tasks = min(max(byteCount / Self.bytesPerTask, 1), count, threads)
    if tasks <= 1 { return body(0..<count) }
    run(tasks: tasks) { task, _ in body(count * task / tasks..<count * (task + 1) / tasks) }
  }
}
