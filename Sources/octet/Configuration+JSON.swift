import OctetHTTP
import OctetImages
import OctetServing
import OctetSystem

/// Everything that is wrong with a configuration, one sentence a line.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let problems: [String]
  var description: String { problems.joined(separator: "\n") }
}

extension Configuration {
  /// Reads and checks a file as a whole. Relative model paths start at its folder.
  init(file: String) throws(ConfigurationError) {
    let bytes: [UInt8]
    do {
      bytes = try SystemFile.bytes(file)
    } catch {
      throw ConfigurationError(problems: ["\(file): \(error)"])
    }
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    try self.init(text: bytes, named: file, folder: folder)
  }

  /// - Parameter folder: what relative model paths start at, with its slash.
  init(text: [UInt8], named file: String, folder: String) throws(ConfigurationError) {
    let json: JSONValue
    do {
      json = try text.withUnsafeBytes { try JSONValue(parsing: $0) }
    } catch {
      throw ConfigurationError(problems: ["\(file): \(error)"])
    }
    let problems = ConfigurationProblems(file: file)
    self.init()
    ConfigurationSection.read(json, at: "", problems) { read(from: $0, folder: folder) }
    checkModels(problems)
    guard problems.found.isEmpty else { throw ConfigurationError(problems: problems.found) }
  }

  private mutating func read(from root: ConfigurationSection, folder: String) {
    root.section("listen") { section in
      section.read("host", into: &listen.host)
      section.read("port", 0...65_535, into: &listen.port)
      section.read("path", into: &listen.path)
      listen.path = listen.path.map { Model.resolved($0, in: folder) }
      section.read("threads", 0...1024, into: &listen.threads)
    }
    root.section("security") { section in
      for (key, file) in Security.files {
        section.read(key, into: &security[keyPath: file])
        security[keyPath: file] = security[keyPath: file].map { Model.resolved($0, in: folder) }
      }
      if (security.certificateFile == nil) != (security.keyFile == nil) {
        section.problem("certificate_file", "expected to stand together with key_file")
      }
    }
    if let listed = root.sections("models", { Model(from: $0, folder: folder) }) {
      models = listed
      // The default of this key belongs to the default models.
      defaultModel = nil
    }
    root.read("default_model", into: &defaultModel)
    root.section("limits") { section in
      section.read("body_bytes", 1...(1 << 40), into: &limits.bodyBytes)
      section.read("picture_pixels", 1...(1 << 30), into: &limits.picturePixels)
      section.read("total_body_bytes", 1...(1 << 40), into: &limits.totalBodyBytes)
      section.read("inference_bytes", 1...(1 << 40), into: &limits.inferenceBytes)
      section.read("connections", 1...65_536, into: &limits.connections)
      section.read("connections_per_address", 0...65_536, into: &limits.connectionsPerAddress)
      section.read("head_seconds", 1...3600, into: &limits.headSeconds)
      section.read("body_seconds", 1...3600, into: &limits.bodySeconds)
      section.read("idle_seconds", 1...86_400, into: &limits.idleSeconds)
    }
    root.section("repository") { section in section.read("changes", into: &repository.changes) }
    root.section("shutdown") { section in
      section.read("delay_seconds", 0...3600, into: &shutdown.delaySeconds)
      section.read("deadline_seconds", 1...3600, into: &shutdown.deadlineSeconds)
    }
    root.section("metrics") { section in
      section.read("layers", into: &metrics.layers)
      section.read("saturation_sampling", 0...1_000_000_000, into: &metrics.saturationSampling)
    }
    root.section("log") { section in
      section.read("level", into: &log.level)
      section.read("format", into: &log.format)
    }
  }

  /// What no single key can say.
  private func checkModels(_ problems: ConfigurationProblems) {
    if models.isEmpty { problems.add("models", "expected at least one model, found none") }
    for (index, model) in models.enumerated() {
      if models[..<index].contains(where: { $0.name == model.name }) {
        problems.add("models[\(index)].name", "expected a name of its own, found '\(model.name)' a second time")
      }
    }
    if let defaultModel, !models.contains(where: { $0.name == defaultModel }) {
      problems.add("default_model", "expected the name of a model in models, found '\(defaultModel)'")
    }
  }
}

extension Configuration.Model {
  /// Nothing when the two keys that it must have are not there; the section has then said so.
  fileprivate init?(from section: ConfigurationSection, folder: String) {
    var name: String?
    var path: String?
    section.read("name", into: &name)
    section.read("path", into: &path)
    self.init(name: name ?? "", path: path.map { Self.resolved($0, in: folder) } ?? "")
    section.section("versions") { versionsSection in
      versionsSection.read("latest", 0...1_000_000, into: &versions.latest)
      versionsSection.read("specific", 1...Int.max, into: &versions.specific)
    }
    section.readNumbers("version_labels", 1...Int.max, into: &versionLabels)
    section.read("hint", into: &hint)
    section.read("threads", 0...1024, into: &threads)
    section.read("streams", 0...1024, into: &streams)
    section.read("strict_int8", into: &strictINT8)
    section.read("inline_microseconds", 0...10_000, into: &inlineMicroseconds)
    section.section("queue") { queueSection in
      queueSection.read("capacity", 1...65_536, into: &queue.capacity)
      queueSection.read("bytes", 1...(1 << 40), into: &queue.bytes)
      queueSection.read("deadline_milliseconds", 0...86_400_000, into: &queue.deadlineMilliseconds)
      queueSection.read("default_priority", 1...1_000_000, into: &queue.defaultPriority)
    }
    section.section("batching") { batchingSection in
      batchingSection.read("maximum", 1...1024, into: &batching.maximum)
      batchingSection.read("preferred", 1...1024, into: &batching.preferred)
      batchingSection.read("delay_microseconds", 0...10_000_000, into: &batching.delayMicroseconds)
    }
    section.readLines("labels", in: folder, into: &labels)
    section.section("picture") { picture = ImagePreprocessing(from: $0) }
    guard let name = section.required("name", name), section.required("path", path) != nil else { return nil }
    if !ModelSource.isName(name) {
      section.problem("name", "expected letters, digits, '_', '.' and '-', at most 128, found '\(name)'")
    }
  }

  /// `embedded:NAME`, `credential:NAME` and paths from the root stay as they are.
  fileprivate static func resolved(_ path: String, in folder: String) -> String {
    ["/", "embedded:", Configuration.Security.credential].contains(where: path.hasPrefix) ? path : folder + path
  }
}

extension ConfigurationSection {
  /// Texts that stand in the configuration itself, or a file that has one a line.
  fileprivate func readLines(_ key: String, in folder: String, into variable: inout [String]) {
    if let listed = texts(key) {
      variable = listed
      return
    }
    var path: String?
    read(key, into: &path)
    guard let path = path.map({ Configuration.Model.resolved($0, in: folder) }) else { return }
    do throws(SystemError) {
      // An empty line in the middle is a class without a name, and keeps those behind it in their places.
      let lines = String(decoding: try SystemFile.bytes(path), as: UTF8.self).split(
        separator: /\r?\n/, omittingEmptySubsequences: false)
      variable = (lines.last == "" ? lines.dropLast() : lines[...]).map(String.init)
    } catch {
      problem(key, "\(path): \(error)")
    }
  }
}

extension ImagePreprocessing {
  fileprivate init(from section: ConfigurationSection) {
    self.init()
    section.read("resize", into: &resize)
    section.read("crop_percent", 1...100, into: &cropPercent)
    section.read("colors", into: &colors)
    section.read("layout", into: &layout)
    section.read("mean", into: &mean)
    section.read("scale", into: &scale)
    section.read("height", 0...16_384, into: &height)
    section.read("width", 0...16_384, into: &width)
    if scale.contains(0) { section.problem("scale", "expected numbers that are not 0, by which pixels are divided") }
  }
}
