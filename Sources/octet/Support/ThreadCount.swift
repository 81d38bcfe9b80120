import ArgumentParser
import OctetKernels
import OctetSystem

/// `--threads`, shared by the commands that run a model.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads for one inference; 0 takes every processor that this process may use.")
  var threads = 0

  func validate() throws {
    guard (0...1024).contains(threads) else { throw ValidationError("--threads takes 0 to 1024, not \(threads)") }
  }

  var count: Int { threads == 0 ? ProcessorCount.available : threads }
  func makeTeam() -> WorkerTeam { WorkerTeam(threads: count) }
}
