import ArgumentParser
import OctetPlanning
import OctetRuntime
import OctetTensor

/// octet verify: the executor against the model's meaning, step by step.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares what runs with what the model means, layer by layer, and names the first that differs.",
    discussion: """
      Every layer runs once on its kernel and once by its definition, on the same operands. Then the outputs are compared
      with the meaning of the model as it stands in the file, computed in float. Large models take a while.
      """)

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String

  @Option(name: .customLong("input"), help: "An input as [NAME=]FILE.npy; random values without any.")
  var inputs: [String] = []

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let graph = try ModelLoading.graph(from: model)
    let signature = ModelSignature(graph)
    let tensors = inputs.isEmpty ? try randomInputs() : try InputFiles.read(inputs, for: signature)
    let report = try ModelVerifier().verify(graph, tensors, team: threads.makeTeam())
    for finding in report.findings where finding.tiedValues > 0 && finding.isRight {
      print("tie\t\(finding.layer.name)\t\(finding.tiedValues) of \(finding.values) values a rounding tie apart")
    }
    for output in report.outputErrors { print("output\t\(output.name)\tnormalized error \(output.error)") }
    guard let wrong = report.findings.first(where: { !$0.isRight }) else {
      return print("\(report.findings.count) steps agree with their meaning")
    }
    let layer = wrong.layer
    throw CommandError(
      .ourBug,
      "layer '\(layer.name)' (\(layer.operatorName), \(layer.kernel)) differs from its meaning in "
        + "\(wrong.wrongValues) of \(wrong.values) values, by up to \(wrong.largestDifference)")
  }

  private func randomInputs() throws -> [Tensor] {
    let compiled = try ModelLoading.model(from: model)
    var random = RandomNumbers(seed: 0)
    return zip(compiled.signature.inputs, compiled.smallestInputShapes).map { port, shape in
      random.tensor(port.type.elementType, shape)
    }
  }
}
