import OctetRuntime
import OctetSystem

/// Which versions of a model are served.
package enum VersionPolicy: Hashable, Sendable {
  /// The highest so many.
  case latest(Int)
  case all
  case specific([Int])

  /// Of versions in ascending order.
  func choose(from versions: [Int]) -> [Int] {
    switch self {
    case .latest(let count): Array(versions.suffix(count))
    case .all: versions
    case .specific(let wanted): versions.filter(wanted.contains)
    }
  }
}

extension ModelSource {
  /// What has to be loaded: the model file as version 1, or the file of each version of a folder that the policy chooses.
  ///
  ///     resnet/1/model.xml  resnet/2/model.xml  ⇒  version 1, version 2
  ///
  /// - Throws: a model error when there is no version, or one that the policy or a label names is missing.
  func versions() throws(ModelError) -> [ModelSource] {
    let sources = SystemFile.isFolder(path) ? try versionsOfFolder() : [self]
    for (label, version) in versionLabels.sorted(by: { $0.key < $1.key }) {
      guard sources.contains(where: { $0.version == version }) else {
        throw .model("\(path): the label '\(label)' stands for version \(version), which is not served")
      }
    }
    return sources
  }

  private func versionsOfFolder() throws(ModelError) -> [ModelSource] {
    let folders = try Self.names(in: path).compactMap { name in Self.version(named: name).map { ($0, name) } }
    guard !folders.isEmpty else {
      throw .model("\(path): expected folders named after versions, such as 1, found none")
    }
    let found = Dictionary(folders) { first, _ in first }
    guard found.count == folders.count else { throw .model("\(path): two folders stand for the same version") }
    let chosen = versionPolicy.choose(from: found.keys.sorted())
    if case .specific(let wanted) = versionPolicy, let missing = wanted.first(where: { found[$0] == nil }) {
      throw .model("\(path): expected a folder for version \(missing), found none")
    }
    var sources: [ModelSource] = []
    for version in chosen {
      guard let name = found[version] else { continue }
      sources.append(at(version: version, path: try Self.modelFile(in: "\(path)/\(name)")))
    }
    return sources
  }

  /// Whole numbers from 1 on; leading zeros are allowed.
  private static func version(named name: String) -> Int? {
    guard name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let version = Int(name), version > 0 else { return nil }
    return version
  }

  /// `model.xml` or `model.onnx`, or the only file of such a kind.
  private static func modelFile(in folder: String) throws(ModelError) -> String {
    let names = try names(in: folder).filter { $0.hasSuffix(".xml") || $0.hasSuffix(".onnx") }
    let name = names.first { $0 == "model.xml" || $0 == "model.onnx" } ?? (names.count == 1 ? names[0] : nil)
    guard let name else {
      throw .model("\(folder): expected model.xml, model.onnx or one other file of such a kind, found \(names.count)")
    }
    return "\(folder)/\(name)"
  }

  private static func names(in folder: String) throws(ModelError) -> [String] {
    do throws(SystemError) { return try SystemFile.names(in: folder) } catch { throw .model("\(folder): \(error)") }
  }
}
