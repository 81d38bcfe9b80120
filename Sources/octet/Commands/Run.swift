import ArgumentParser
import OctetRuntime
import OctetTensor

#if canImport(Glibc)
  import Glibc
#endif

/// octet run: one inference, no server.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a model once on .npy files and writes its outputs as .npy files.",
    discussion: """
      octet run model.xml --input image=cat.npy --output-directory results

      NAME= may be left out when the model has one input. In output file names every character outside
      [A-Za-z0-9._-] becomes _.
      """)

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String

  @Option(name: .customLong("input"), help: "An input as [NAME=]FILE.npy; once per input.")
  var inputs: [String]

  @Option(help: "Where <output>.npy files go; made if it does not exist.")
  var outputDirectory: String

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var strictness: StrictnessOptions

  func run() throws {
    let compiled = try ModelLoading.model(from: model)
    try strictness.check(compiled, model)
    let tensors = try InputFiles.read(inputs, for: compiled.signature)
    let outputs = try Executor(model: compiled, team: threads.makeTeam()).run(tensors)
    guard mkdir(outputDirectory, 0o777) == 0 || errno == EEXIST else {
      throw CommandError(.badData, "\(outputDirectory): cannot be made: \(String(cString: strerror(errno)))")
    }
    for (port, tensor) in zip(compiled.signature.outputs, outputs) {
      try NumPyFile.write(tensor, to: "\(outputDirectory)/\(Self.fileName(of: port.name)).npy")
    }
  }

  static func fileName(of output: String) -> String {
    String(
      String.UnicodeScalarView(
        output.unicodeScalars.map { scalar in
          let isKept =
            scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "._-".unicodeScalars.contains(scalar))
          return isKept ? scalar : "_"
        }))
  }
}

/// `[NAME=]FILE.npy` arguments, matched with a model's inputs.
enum InputFiles {
  static func read(_ arguments: [String], for signature: ModelSignature) throws -> [Tensor] {
    var files: [String: String] = [:]
    for argument in arguments {
      let (name, path) = split(argument, names: signature.inputs.map(\.name))
      guard let name = name ?? (signature.inputs.count == 1 ? signature.inputs.first?.name : nil) else {
        throw CommandError(.usage, "--input \(argument): expected NAME=FILE.npy with NAME one of \(list(signature))")
      }
      guard files.updateValue(path, forKey: name) == nil else {
        throw CommandError(.usage, "--input \(argument): '\(name)' is given twice")
      }
    }
    return try signature.inputs.map { port in
      guard let path = files[port.name] else {
        throw CommandError(.usage, "input '\(port.name)' is missing: add --input \(port.name)=FILE.npy")
      }
      return try NumPyFile.read(path)
    }
  }

  /// Names may contain `=` themselves: the model's own come first.
  private static func split(_ argument: String, names: [String]) -> (name: String?, path: String) {
    if let name = names.first(where: { argument.hasPrefix($0 + "=") }) {
      return (name, String(argument.dropFirst(name.count + 1)))
    }
    return (nil, argument)
  }

  private static func list(_ signature: ModelSignature) -> String {
    signature.inputs.map { "'\($0.name)'" }.joined(separator: ", ")
  }
}
