import OctetGraph
import OctetImport
import OctetSystem
import OctetTestSupport
import Testing

/// Importer, result types and meaning of every operator, together, against OpenVINO.
@Suite struct OperatorGoldenTests {
  @Test(arguments: try OperatorGoldens.names)
  func agreesWithOpenVINO(_ file: String) throws {
    let goldens = try OperatorGoldens.named(file)
    #expect(!goldens.cases.isEmpty)
    for golden in goldens.cases {
      let graph = try ModelImporter.graph(
        xml: FileContents(bytes: Array(golden.xml.utf8)), weights: FileContents(bytes: Array(golden.weights)),
        name: "\(file), \(golden.name)")
      let types = graph.topologicalOrder.map { graph.node($0).layerType }
      #expect(types.contains(goldens.operator), "\(golden.name)")
      try golden.expect(Interpreter(graph).run(golden.inputs.map { try $0.tensor }))
    }
  }
}
