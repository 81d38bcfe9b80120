import CLinux

/// How the system shares processors between threads.
package enum TimeSlice {
  /// During `work` this thread, and for good the threads that `work` starts, compute for at most `slice` before others may
  /// go on. Of two threads that want to, the one with the shorter slice goes first.
  package static func with<R, E: Error>(_ slice: Duration, work: () throws(E) -> R) throws(E) -> R {
    octet_set_time_slice(UInt64(clamping: Int(slice / .nanoseconds(1))))
    defer { octet_set_time_slice(0) }
    return try work()
  }
}
