import OctetKernels
import Synchronization
import Testing

@Suite struct WorkerTeamTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func everyTaskRunsExactlyOnce(threads: Int, tasks: Int) {
    let team = WorkerTeam(threads: threads)
    // Plain memory: a task that ran twice at once would be a race that the thread sanitizer reports.
    nonisolated(unsafe) let runs = UnsafeMutableBufferPointer<Int>.allocate(capacity: tasks)
    defer { runs.deallocate() }
    runs.initialize(repeating: 0)
    team.run(tasks: tasks) { task, worker in
      #expect(worker < team.threads)
      runs[task] += 1
    }
    #expect(runs.allSatisfy { $0 == 1 })
  }

  @Test func writesOfEveryTaskAreSeenAfterTheRun() {
    let team = WorkerTeam(threads: 4)
    let squares = UnsafeMutableBufferPointer<Int>.allocate(capacity: 64)
    defer { squares.deallocate() }
    nonisolated(unsafe) let shared = squares
    for round in 0..<2000 {
      team.run(tasks: 64) { task, _ in shared[task] = task * task + round }
      #expect((0..<64).allSatisfy { squares[$0] == $0 * $0 + round })
    }
  }

  @Test func aTaskMayRunTasksOfItsOwn() {
    let team = WorkerTeam(threads: 2)
    let count = Atomic(0)
    team.run(tasks: 10) { _, _ in team.run(tasks: 10) { _, _ in count.add(1, ordering: .relaxed) } }
    #expect(count.load(ordering: .relaxed) == 100)
  }

  @Test func sleepingWorkersWakeUp() async throws {
    let team = WorkerTeam(threads: 2)
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(5))
      let workers = Atomic(0)
      // Each of two tasks waits until both run at the same time, which takes both workers.
      let arrived = Atomic(0)
      team.run(tasks: 2) { _, worker in
        workers.bitwiseOr(1 << worker, ordering: .relaxed)
        arrived.add(1, ordering: .sequentiallyConsistent)
        while arrived.load(ordering: .sequentiallyConsistent) < 2 {}
      }
      #expect(workers.load(ordering: .relaxed) == 0b11)
    }
  }

  @Test func sessionsOverlapAndLeaveNothingBehind() async throws {
    let team = WorkerTeam(threads: 3)
    let count = Atomic(0)
    for _ in 0..<200 {
      team.beginSession()
      team.beginSession()
      team.run(tasks: 7) { _, _ in count.add(1, ordering: .relaxed) }
      team.endSession()
      team.run(tasks: 3) { _, _ in count.add(1, ordering: .relaxed) }
      team.endSession()
    }
    try await Task.sleep(for: .milliseconds(5))
    team.run(tasks: 5) { _, _ in count.add(1, ordering: .relaxed) }
    #expect(count.load(ordering: .relaxed) == 2005)
  }

  @Test func oneThreadRunsEveryTaskOnTheCaller() {
    let team = WorkerTeam(threads: 1)
    let order = Mutex([Int]())
    team.run(tasks: 5) { task, worker in
      #expect(worker == 0)
      order.withLock { $0.append(task) }
    }
    #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
  }

  @Test func theCallerBeginsAtTheFrontAndTheOtherAtTheBack() {
    let team = WorkerTeam(threads: 2)
    let orders = Mutex([[Int]](repeating: [], count: 2))
    team.run(tasks: 100) { task, worker in orders.withLock { $0[worker].append(task) } }
    let (front, back) = orders.withLock { ($0[0], $0[1]) }
    #expect(front == Array(0..<front.count))
    #expect(back == Array((front.count..<100).reversed()))
  }
}
