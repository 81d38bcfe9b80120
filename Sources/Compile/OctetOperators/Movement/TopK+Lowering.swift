package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension TopK {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let source = try site.shape(ofOperand: 0)
    let axis = try Axis.normalized(axis, rank: source.rank, of: Self.name)
    let count = try site.shape(ofResult: 0)[axis]
    guard site.operands[0].elementType == .f32, source[axis] <= Int(Int32.max) else {
      return ReferencePrimitive(self, site)
    }
    _ = try site.operand(0, .planar, dense: true)
    for index in 0..<2 { _ = try site.result(index, .planar) }
    let selection = Selection(
      outer: source.count(in: 0..<axis), extent: source[axis], inner: source.count(in: axis + 1..<source.rank),
      count: count, isMaximum: mode == .max, sortsByIndex: order == .index)
    return indexType == .i64 ? TopKPrimitive<Int64>(selection) : TopKPrimitive<Int32>(selection)
  }
}

private struct Selection {
  let outer: Int
  let extent: Int
  let inner: Int
  let count: Int
  let isMaximum: Bool
  let sortsByIndex: Bool
}

/// The best values of every column, kept as a heap where they stand in the results, the worst of them at its root.
///
/// Index is Int32 or Int64.
private struct TopKPrimitive<Index: FixedWidthInteger & Sendable & BitwiseCopyable>: Primitive {
  /// Fewer elements than this are searched sooner than another thread is told.
  private let elementsPerTask = 1 << 15
  let selection: Selection

  init(_ selection: Selection) { self.selection = selection }

  var kernelName: String { "top_k" }

  func execute(_ step: borrowing StepBuffers) {
    let source = step.operand(0).assumingMemoryBound(to: Float.self)
    let values = step.result(0).assumingMemoryBound(to: Float.self)
    let indices = step.result(1).assumingMemoryBound(to: Index.self)
    let s = selection
    let columns = s.outer * s.inner
    let tasks = min(max(columns * s.extent / elementsPerTask, 1), columns, 4 * step.team.threads)
    step.team.run(tasks: tasks) { task, _ in
      for column in columns * task / tasks..<columns * (task + 1) / tasks {
        let (row, place) = column.quotientAndRemainder(dividingBy: s.inner)
        let first = row * s.count * s.inner + place
        let best = BestOfColumn<Index>(
          values: values + first, indices: indices + first, stride: s.inner, isMaximum: s.isMaximum)
        best.select(s.count, from: source + row * s.extent * s.inner + place, s.extent, sortsByIndex: s.sortsByIndex)
      }
    }
  }
}

/// The best elements of one column, `stride` elements apart.
struct BestOfColumn<Index: FixedWidthInteger & BitwiseCopyable> {
  let values: UnsafeMutablePointer<Float>
  let indices: UnsafeMutablePointer<Index>
  let stride: Int
  let isMaximum: Bool

  typealias Entry = (value: Float, index: Index)

  private func entry(_ position: Int) -> Entry { (values[position * stride], indices[position * stride]) }

  private func store(_ entry: Entry, _ position: Int) {
    values[position * stride] = entry.value
    indices[position * stride] = entry.index
  }

  /// The order of the result: NaN last, of equal values the first.
  private func precedes(_ a: Entry, _ b: Entry) -> Bool {
    if isMaximum ? a.value > b.value : a.value < b.value { return true }
    if a.value == b.value { return a.index < b.index }
    if a.value.isNaN == b.value.isNaN { return a.value.isNaN && a.index < b.index }
    return b.value.isNaN
  }

  func select(_ count: Int, from source: UnsafePointer<Float>, _ extent: Int, sortsByIndex: Bool) {
    for index in 0..<count { store((source[index * stride], Index(truncatingIfNeeded: index)), index) }
    for root in Swift.stride(from: count / 2 - 1, through: 0, by: -1) { sift(root, count) { precedes($0, $1) } }
    for index in count..<extent {
      let candidate = (value: source[index * stride], index: Index(truncatingIfNeeded: index))
      guard precedes(candidate, entry(0)) else { continue }
      store(candidate, 0)
      sift(0, count) { precedes($0, $1) }
    }
    if sortsByIndex {
      for root in Swift.stride(from: count / 2 - 1, through: 0, by: -1) { sift(root, count) { $0.index < $1.index } }
      sort(count) { $0.index < $1.index }
    } else {
      sort(count) { precedes($0, $1) }
    }
  }

  /// Lets the entry at `root` sink below those that come later.
  private func sift(_ root: Int, _ count: Int, _ precedes: (Entry, Entry) -> Bool) {
    let sinking = entry(root)
    var place = root
    while 2 * place + 1 < count {
      var child = 2 * place + 1
      if child + 1 < count, precedes(entry(child), entry(child + 1)) { child += 1 }
      guard precedes(sinking, entry(child)) else { break }
      store(entry(child), place)
      place = child
    }
    store(sinking, place)
  }

  /// A heap becomes a list in order: the last goes from the root to the end, again and again.
  private func sort(_ count: Int, _ precedes: (Entry, Entry) -> Bool) {
    for end in Swift.stride(from: count - 1, to: 0, by: -1) {
      let last = entry(0)
      store(entry(end), 0)
      store(last, end)
      sift(0, end, precedes)
    }
  }
}
