import ArgumentParser
import Glibc
import Logging
import OctetGraph
import OctetHTTP
import OctetImages
import OctetRuntime
import OctetServing
import OctetSystem

/// octet serve: read the configuration → load the models → serve → drain.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves models over HTTP until it is told to stop.",
    discussion: """
      Without any option it serves the embedded model digits at http://127.0.0.1:8080. What is said here goes before what
      the configuration file says; --model replaces its models. SIGHUP loads everything again, SIGTERM ends in order.
      """)

  @Option(help: "A configuration file; config.example.json shows every key.")
  var config: String?

  @Option(
    name: .customLong("model"), parsing: .upToNextOption,
    help: "Models as [NAME=]PATH. Without NAME the file's name is it.")
  var models: [String] = []

  @Option(help: "The address to listen on.")
  var host: String?

  @Option(help: "The port to listen on; 0 takes one that is free.")
  var port: Int?

  @OptionGroup var strictness: StrictnessOptions

  func validate() throws {
    if let port, !(0...65_535).contains(port) { throw ValidationError("--port takes 0 to 65535, not \(port)") }
    let named = models.map(ModelArgument.init)
    for (index, model) in named.enumerated() {
      guard ModelSource.isName(model.name), !model.path.isEmpty else {
        throw ValidationError(
          "--model \(models[index]): expected [NAME=]PATH, NAME of letters, digits, '_', '.' and '-'")
      }
      guard !named[..<index].contains(where: { $0.name == model.name }) else {
        throw ValidationError(
          "--model \(models[index]): there are two models '\(model.name)'; name them with NAME=PATH")
      }
    }
  }

  func run() throws {
    let configuration: Configuration
    var options: HTTPServerOptions
    do throws(ConfigurationError) {
      configuration = try readConfiguration()
      options = configuration.serverOptions
      try configuration.security.apply(to: &options)
    } catch {
      throw CommandError(.badData, error.description)
    }
    let log = configuration.log
    LogThreshold.current = log.level.level
    LoggingSystem.bootstrap { label in StandardErrorLogHandler(label: label, format: log.format) }
    FreeMemory.limitArenas(to: 2 * ProcessorCount.available)
    let command = self
    let daemon = Daemon(
      configuration, options, reading: { try command.readConfiguration() },
      load: { source in try ModelLoading.model(for: source) })
    do throws(Daemon.StartError) {
      try daemon.run()
    } catch {
      switch error {
      case .noModel(let reasons): throw CommandError(.badData, reasons.joined(separator: "; "))
      case .system(let error):
        throw CommandError(error.code == EADDRINUSE ? .addressTaken : .badData, error.description)
      }
    }
  }

  /// The file, with the command line's words over it.
  private func readConfiguration() throws(ConfigurationError) -> Configuration {
    var configuration =
      try config.map { (file) throws(ConfigurationError) in try Configuration(file: file) } ?? Configuration()
    if host != nil || port != nil { configuration.listen.path = nil }
    if let host { configuration.listen.host = host }
    if let port { configuration.listen.port = port }
    if !models.isEmpty {
      configuration.models = models.map(ModelArgument.init).map { Configuration.Model(name: $0.name, path: $0.path) }
      if !configuration.models.contains(where: { $0.name == configuration.defaultModel }) {
        configuration.defaultModel = nil
      }
    }
    if strictness.isStrict {
      for index in configuration.models.indices { configuration.models[index].strictINT8 = true }
    }
    return configuration
  }
}

/// `[NAME=]PATH`.
struct ModelArgument: Equatable {
  let name: String
  let path: String

  init(_ argument: String) {
    // A `=` behind a slash belongs to the path.
    if let sign = argument.firstIndex(where: { $0 == "=" || $0 == "/" }), argument[sign] == "=" {
      name = String(argument[..<sign])
      path = String(argument[argument.index(after: sign)...])
    } else {
      name = Self.name(of: argument)
      path = argument
    }
  }

  /// `embedded:digits` → digits, `cats.xml` → cats, `cats/model.xml` → cats: a file called model says nothing.
  private static func name(of path: String) -> String {
    if path.hasPrefix("embedded:") { return String(path.dropFirst("embedded:".count)) }
    let parts = path.split(separator: "/")
    guard let file = parts.last else { return "" }
    let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file
    let name = stem == "model" ? parts.dropLast().last ?? stem : stem
    return String(name.map { ModelSource.isName(String($0)) ? $0 : "_" })
  }
}

extension Configuration.LogLevel {
  fileprivate var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

extension ModelLoading {
  /// A model as the configuration wants it.
  static func model(for source: ModelSource) throws(ModelError) -> CompiledModel {
    let model = try model(from: source.path, memoryLimit: MemoryLimit(byteCount: source.memoryByteCount))
    try check(source.picture, for: model.signature, of: source)
    if source.strictINT8 { try model.requireINT8(source.path) }
    return model
  }

  /// A model that cannot take pictures as they are described is not served at all.
  private static func check(
    _ picture: ImagePreprocessing?, for signature: ModelSignature, of source: ModelSource
  ) throws(ModelError) {
    guard let picture else { return }
    guard signature.inputs.count == 1, let port = signature.inputs.first else {
      throw .model("\(source.path): picture: the model has \(signature.inputs.count) inputs, and pictures go to one")
    }
    do throws(ImageInputError) {
      _ = try picture.shape(for: port.type)
    } catch {
      throw .model("\(source.path): picture: input '\(port.name)': \(error)")
    }
  }
}
