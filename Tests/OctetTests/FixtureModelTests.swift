import FoundationEssentials
import OctetImport
import OctetKernels
import OctetPlanning
import OctetRuntime
import OctetTensor
import Testing

@testable import octet

/// One of the models in Fixtures/models, with inputs and the outputs that it means.
struct FixtureModel: Decodable, CustomTestStringConvertible, Sendable {
  struct Run: Decodable, Sendable {
    let inputs: [String: String]
    let outputs: [String: String]
  }

  let name: String
  let int8_layers: Int
  let nrmse_limit: Double
  let runs: [Run]

  var testDescription: String { name }

  private static let folder =
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures/models"

  static var all: [FixtureModel] {
    get throws {
      let data = try Data(contentsOf: URL(filePath: "\(folder)/models.json"))
      return try JSONDecoder().decode([FixtureModel].self, from: data)
    }
  }

  static func path(_ file: String) -> String { "\(folder)/\(file)" }
  var model: String { Self.path("\(name).xml") }
}

/// Models as NNCF makes them, through the whole of octet, against what they mean.
@Suite struct FixtureModelTests {
  @Test(arguments: try FixtureModel.all)
  func theExecutorGivesWhatTheModelMeans(_ fixture: FixtureModel) throws {
    let graph = try ModelImporter.graph(from: fixture.model)
    for run in fixture.runs {
      let signature = ModelSignature(graph)
      let inputs = try signature.inputs.map { port in
        try NumPyFile.read(FixtureModel.path(try #require(run.inputs[port.name])))
      }
      var bytes: Set<[[UInt8]]> = []
      for instructionSet in InstructionSet.allCases where instructionSet.isSupportedHere {
        let model = try ModelCompiler(cpu: CPU(upTo: instructionSet)).compile(graph)
        for threads in 1...2 {
          let outputs = try Executor(model: model, team: WorkerTeam(threads: threads)).run(inputs)
          for (port, output) in zip(signature.outputs, outputs) {
            let expected = try NumPyFile.read(FixtureModel.path(try #require(run.outputs[port.name])))
            #expect(output.shape == expected.shape)
            let error = normalizedError(output.doubles, expected.doubles)
            #expect(error <= fixture.nrmse_limit, "\(port.name) on \(instructionSet) with \(threads) threads")
          }
          bytes.insert(outputs.map { $0.withUnsafeBytes { Array($0) } })
        }
      }
      // f32 sums may fuse multiply and add from AVX2 on.
      let expectsEqualBytes = fixture.int8_layers > 0
      #expect(bytes.count == 1 || !expectsEqualBytes, "instruction sets or thread counts give different bytes")
    }
  }

  @Test(arguments: try FixtureModel.all)
  func asManyLayersRunOnIntegersAsCan(_ fixture: FixtureModel) throws {
    let model = try ModelLoading.model(from: fixture.model)
    let layers = try model.plan(for: model.smallestInputShapes).layers
    // A layer over several scales runs as several sums under its one name.
    let integerLayers = Set(layers.filter { $0.precision == "int8" && $0.macs > 0 }.map(\.name))
    #expect(integerLayers.count == fixture.int8_layers)
  }

  private func normalizedError(_ found: [Double], _ expected: [Double]) -> Double {
    let squares = zip(found, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let range = (expected.max() ?? 0) - (expected.min() ?? 0)
    return (squares / Double(max(expected.count, 1))).squareRoot() / (range > 0 ? range : 1)
  }
}
