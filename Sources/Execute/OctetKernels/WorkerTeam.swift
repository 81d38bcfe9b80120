import COctetKernels

/// A team of threads that share the work of one layer; the thread that calls `run` is one of them.
///
/// Sendable because the C team guards itself: a run that finds the team busy works alone on its own thread.
package final class WorkerTeam: @unchecked Sendable {
  /// The C team, for the kernels that hand it their own tasks.
  let handle: OpaquePointer

  /// A team of `threads` workers; it has fewer where the system refuses a thread.
  package init(threads: Int) {
    guard let handle = octet_team_create(max(1, threads)) else {
      fatalError("out of memory: a team of \(threads) threads could not be made")
    }
    self.handle = handle
  }

  deinit { octet_team_destroy(handle) }

  package var threads: Int { octet_team_threads(handle) }

  /// Keeps the workers awake for the runs of one inference until the matching `endSession`.
  package func beginSession() { octet_team_begin(handle) }
  package func endSession() { octet_team_end(handle) }

  /// Runs `body(task, worker)` once for every task below `tasks`, on all threads, and returns when all are done.
  package func run(tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { context in
        octet_team_run(
          handle,
          { context, task, worker in
            context?.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(task, worker)
          }, UnsafeMutableRawPointer(mutating: context), tasks)
      }
    }
  }
}
