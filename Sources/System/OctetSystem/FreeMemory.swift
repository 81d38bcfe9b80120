import CLinux
import Dispatch
import Synchronization

/// Memory that has been given back to the allocator and that the allocator keeps.
package enum FreeMemory {
  private static let isScheduled = Atomic(false)

  /// Returns it to the system in a moment, when what is being freed now is free.
  package static func returnSoon() {
    guard isScheduled.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(100)) {
      isScheduled.store(false, ordering: .relaxed)
      malloc_trim(0)
    }
  }
}
