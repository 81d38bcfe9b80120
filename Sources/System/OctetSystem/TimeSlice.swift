import CLinux

/// How the system shares processors between threads.
package enum TimeSlice {
  /// Threads that `start` makes compute for at most `slice` before others may go on, and by that begin the sooner when
  /// there is something to do.
  package static func with<R, E: Error>(_ slice: Duration, start: () throws(E) -> R) throws(E) -> R {
    // Threads inherit how the one that makes them is scheduled.
    octet_set_time_slice(UInt64(clamping: Int(slice / .nanoseconds(1))))
    defer { octet_set_time_slice(0) }
    return try start()
  }
}
