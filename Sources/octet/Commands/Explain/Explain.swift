import ArgumentParser
import OctetPlanning
import OctetRuntime

#if canImport(Glibc)
  import Glibc
#endif

/// octet explain: what runs for each layer, and why it is not INT8.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows, layer by layer, precision, kernel, what was fused, and why a layer is not INT8.",
    discussion: """
      octet explain model.xml                        a table, and how much of the model runs in INT8
      octet explain model.xml --graph model.svg      a picture, coloured by precision; .dot for Graphviz
      octet explain model.xml --strict-int8          for scripts: ends with 65 unless everything runs in INT8
      """)

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Draw the layers into FILE.svg or FILE.dot instead of listing them.")
  var graph: String?

  @OptionGroup var strictness: StrictnessOptions

  func validate() throws {
    if let graph, !graph.hasSuffix(".svg"), !graph.hasSuffix(".dot") {
      throw ValidationError("--graph \(graph): expected a file name that ends in .svg or .dot")
    }
    if graph != nil, json { throw ValidationError("--graph and --json do not go together") }
  }

  func run() throws {
    let compiled = try ModelLoading.model(from: model)
    let report = ExplainReport(
      model: model, isa: compiled.instructionSet,
      layers: try compiled.plan(for: compiled.smallestInputShapes).layers)
    if let graph {
      try draw(compiled, report, to: graph)
    } else {
      print(json ? try JSONText.encode(report) : report.table)
    }
    try strictness.check(compiled, model)
  }

  private func draw(_ compiled: CompiledModel, _ report: ExplainReport, to path: String) throws {
    let layers = try LayerGraph(try ModelLoading.graph(from: model), shapes: compiled.smallestInputShapes)
    let drawing = GraphDrawing(layers, summary: "\(model): \(report.summary)")
    let text = Array((path.hasSuffix(".svg") ? drawing.svg : drawing.dot).utf8)
    guard let file = fopen(path, "wb") else {
      throw CommandError(.badData, "\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
    let written = fwrite(text, 1, text.count, file)
    guard fclose(file) == 0, written == text.count else {
      throw CommandError(.badData, "\(path): not written completely: \(String(cString: strerror(errno)))")
    }
    print(report.summary)
  }
}
