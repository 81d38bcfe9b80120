import CLinux
import Dispatch
import Synchronization

/// Memory that has been given back to the allocator and that the allocator keeps.
package enum FreeMemory {
  private static let isScheduled = Atomic(false)

  /// Lets the allocator keep so many arenas at most. Each keeps some of what it once held, and without a bound there are
  /// eight for each processor. Large blocks, such as bodies and tensors, go back to the system as soon as they are free;
  /// left to itself the allocator raises that bound to the largest it has seen. Called before there are threads.
  package static func limitArenas(to count: Int) {
    mallopt(M_ARENA_MAX, Int32(clamping: count))
    mallopt(M_MMAP_THRESHOLD, 256 << 10)
  }

  /// Returns it to the system in a moment, when what is being freed now is free.
  package static func returnSoon() {
    guard isScheduled.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(100)) {
      isScheduled.store(false, ordering: .relaxed)
      malloc_trim(0)
    }
  }
}
