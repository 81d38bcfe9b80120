/// placeholder until kernels land
package final class WorkerTeam: Sendable {
  package let threads: Int
  package init(threads: Int) { self.threads = threads }
}
