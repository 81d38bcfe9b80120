import Dispatch
import OctetServing
import OctetSystem

/// Large blocks of memory, a few of which are kept for a moment after use, for whoever wants one next.
///
/// Memory that comes from the system has to be cleared page by page, which takes longer than receiving a body does. At rest
/// none is kept.
final class SpareBlocks: Sendable {
  private struct Spare: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
    let since: Instant
  }

  private struct State {
    /// The last to come is the first to go: most of it may still be in a cache.
    var spares: [Spare] = []
    var byteCount = 0
    var isSweepScheduled = false

    mutating func remove(at index: Int) -> Spare {
      byteCount -= spares[index].byteCount
      return spares.remove(at: index)
    }
  }

  /// For the bodies and tensors of all requests.
  static let shared = SpareBlocks()

  /// What the allocator hands out smaller comes from memory that it keeps anyway.
  static let smallestByteCount = 256 << 10
  private static let maximumCount = 8
  private static let maximumByteCount = 32 << 20
  private static let patience = Duration.seconds(1)

  private let state = Lock(State())

  /// Of the blocks that nobody uses.
  var spareByteCount: Int { state.withLock { $0.byteCount } }

  /// What a block for so many bytes is to have: an eighth more at most, so that bodies of nearly the same size share blocks.
  static func size(for byteCount: Int) -> Int {
    guard byteCount >= smallestByteCount, byteCount <= maximumByteCount else { return byteCount }
    let step = 1 << (Int.bitWidth - byteCount.leadingZeroBitCount - 4)
    return (byteCount + step - 1) & -step
  }

  /// A block of exactly this size.
  func take(byteCount: Int) -> UnsafeMutableRawPointer {
    guard byteCount >= Self.smallestByteCount else { return .allocate(byteCount: byteCount, alignment: 1) }
    let spare = state.withLock { state -> Spare? in
      guard let index = state.spares.lastIndex(where: { $0.byteCount == byteCount }) else { return nil }
      return state.remove(at: index)
    }
    return spare?.start ?? .allocate(byteCount: byteCount, alignment: 1)
  }

  /// Takes a block back.
  func give(_ start: UnsafeMutableRawPointer, byteCount: Int) {
    guard byteCount >= Self.smallestByteCount else { return start.deallocate() }
    let spare = Spare(start: start, byteCount: byteCount, since: .now)
    let (surplus, schedules) = state.withLock { state in
      state.spares.append(spare)
      state.byteCount += byteCount
      var surplus: [Spare] = []
      while state.spares.count > Self.maximumCount || state.byteCount > Self.maximumByteCount {
        surplus.append(state.remove(at: 0))
      }
      let schedules = !state.isSweepScheduled && !state.spares.isEmpty
      state.isSweepScheduled = state.isSweepScheduled || schedules
      return (surplus, schedules)
    }
    for spare in surplus { spare.start.deallocate() }
    if schedules { scheduleSweep() }
  }

  private func scheduleSweep() {
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience.inSeconds) { self.sweep() }
  }

  /// Gives back what nobody has wanted.
  private func sweep() {
    let (old, goesOn) = state.withLock { state in
      let now = Instant.now
      var old: [Spare] = []
      while let oldest = state.spares.first, oldest.since + Self.patience <= now { old.append(state.remove(at: 0)) }
      state.isSweepScheduled = !state.spares.isEmpty
      return (old, state.isSweepScheduled)
    }
    for spare in old { spare.start.deallocate() }
    if goesOn { scheduleSweep() }
  }
}
