import OctetEmbeddedModels
import OctetGraph
import OctetImport
import OctetPlanning
import OctetRuntime
import OctetSystem

/// How the command finds models: a path, or `embedded:NAME`.
enum ModelLoading {
  private static let embeddedPrefix = "embedded:"

  static func graph(from path: String) throws(ModelError) -> Graph {
    guard path.hasPrefix(embeddedPrefix) else { return try ModelImporter.graph(from: path) }
    let name = String(path.dropFirst(embeddedPrefix.count))
    guard let files = EmbeddedModel.files(named: name) else {
      let known = EmbeddedModel.names.joined(separator: ", ")
      throw .model("\(path): no such embedded model; there is \(known)")
    }
    return try ModelImporter.graph(
      xml: FileContents(bytes: files.xml), weights: FileContents(bytes: files.weights), name: path)
  }

  static func model(
    from path: String, memoryLimit: MemoryLimit = .physical
  ) throws(ModelError) -> CompiledModel {
    let graph = try graph(from: path)
    do throws(ModelError) {
      return try ModelCompiler(memoryLimit: memoryLimit).compile(graph)
    } catch {
      throw error.located(at: path)
    }
  }
}
