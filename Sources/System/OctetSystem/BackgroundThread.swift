import Glibc

/// Work that gives way to whatever else the process does.
package enum BackgroundThread {
  /// A tenth of the processor time of a thread that wants it, too.
  private static let niceness: Int32 = 10
  /// Longer than that of other threads, which by that go before it as soon as they wake.
  private static let slice = Duration.milliseconds(10)

  /// Waits for `work`, which runs on a thread of its own. It must start no threads: they would be as slow for good.
  package static func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) throws -> Result {
    let job = Job(work)
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { context in
        // Where this is not allowed the work is done all the same.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, BackgroundThread.niceness)
        TimeSlice.with(BackgroundThread.slice) {
          context.map { Unmanaged<AnyJob>.fromOpaque($0).takeRetainedValue().perform() }
        }
        return nil
      }, Unmanaged<AnyJob>.passRetained(job).toOpaque())
    guard failure == 0 else {
      Unmanaged<AnyJob>.passUnretained(job).release()
      throw SystemError("start a thread", code: failure)
    }
    pthread_join(thread, nil)
    return try job.result()
  }

  private class AnyJob {
    func perform() {}
  }

  /// Written by the thread, and read when that has ended.
  private final class Job<Result>: AnyJob {
    private let work: () throws -> Result
    private var outcome: Swift.Result<Result, any Error>?

    init(_ work: @escaping () throws -> Result) { self.work = work }

    override func perform() { outcome = Swift.Result { try work() } }

    func result() throws -> Result {
      guard let outcome else { throw SystemError("run a thread", code: ECANCELED) }
      return try outcome.get()
    }
  }
}
