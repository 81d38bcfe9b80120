import ArgumentParser

/// octet verify: the executor against the model's meaning, step by step.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares what runs with what the model means, layer by layer, and names the first that differs.")

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String

  @Option(name: .customLong("input"), help: "An input as [NAME=]FILE.npy; random values without it.")
  var inputs: [String] = []

  @OptionGroup var threads: ThreadOptions

  func run() throws {}
}
