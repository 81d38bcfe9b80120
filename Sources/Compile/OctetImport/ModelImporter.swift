package import OctetGraph
package import OctetRuntime
package import OctetSystem

/// Reads a model file into a graph.
package enum ModelImporter {
  /// The graph of `model.xml`, whose weights are in `model.bin` beside it.
  ///
  /// - Throws: a sentence that begins with the file and names the layer, what was expected and what was found.
  package static func graph(from path: String) throws(ModelError) -> Graph {
    switch ModelFormat(path: path) {
    case .openVINO:
      let xml = try mapped(path)
      let weightsPath = path.dropLast(ModelFormat.openVINO.suffix.count) + ".bin"
      return try graph(xml: xml, weights: WeightSource(path: String(weightsPath)), name: path)
    case .onnx:
      throw .model("\(path): ONNX models are not supported yet; expected an OpenVINO IR, model.xml")
    case nil:
      throw .model("\(path): expected a file that ends in .xml (OpenVINO IR) or .onnx")
    }
  }

  /// The graph of a model in memory.
  ///
  /// - Parameter name: stands for the path of the XML in errors.
  package static func graph(xml: FileContents, weights: FileContents, name: String) throws(ModelError) -> Graph {
    try graph(xml: xml, weights: WeightSource(weights, name: "the weights of \(name)"), name: name)
  }

  private static func graph(xml: FileContents, weights: WeightSource, name: String) throws(ModelError) -> Graph {
    do throws(ModelError) {
      return try IRImporter.graph(xml, weights: weights)
    } catch {
      throw error.located(at: name)
    }
  }

  private static func mapped(_ path: String) throws(ModelError) -> FileContents {
    do throws(FileError) {
      return try FileContents(path: path)
    } catch {
      throw .model(error.description)
    }
  }
}

/// Recognised by the end of the file name, as the tools that write these files do.
private enum ModelFormat: CaseIterable {
  case openVINO, onnx

  var suffix: String {
    switch self {
    case .openVINO: ".xml"
    case .onnx: ".onnx"
    }
  }

  init?(path: String) {
    guard let format = Self.allCases.first(where: { path.lowercased().hasSuffix($0.suffix) }) else { return nil }
    self = format
  }
}
