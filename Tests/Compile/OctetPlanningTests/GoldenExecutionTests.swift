import OctetImport
import OctetSystem
import OctetTestSupport
import Testing

/// What runs for every operator, its kernel or its meaning, against OpenVINO.
@Suite struct GoldenExecutionTests {
  @Test(arguments: try OperatorGoldens.names)
  func executionAgreesWithOpenVINO(_ file: String) throws {
    for golden in try OperatorGoldens.named(file).cases {
      let graph = try ModelImporter.graph(
        xml: FileContents(bytes: Array(golden.xml.utf8)), weights: FileContents(bytes: Array(golden.weights)),
        name: "\(file), \(golden.name)")
      try golden.expect(execute(graph, golden.inputs.map { try $0.tensor }))
    }
  }
}
