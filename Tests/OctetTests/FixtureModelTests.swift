import OctetImport
import OctetKernels
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import octet

/// One of the models in Fixtures/models, with inputs and the outputs that it means.
struct FixtureModel: Decodable, CustomTestStringConvertible, Sendable {
  struct Run: Decodable, Sendable {
    let inputs: [String: String]
    let outputs: [String: String]
  }

  let name: String
  let int8Layers: Int
  let nrmseLimit: Double
  let runs: [Run]

  private enum CodingKeys: String, CodingKey {
    case name, runs
    case int8Layers = "int8_layers"
    case nrmseLimit = "nrmse_limit"
  }

  var testDescription: String { name }

  static var all: [FixtureModel] {
    get throws { try Fixtures.decode(from: "models/models.json") }
  }

  static func path(_ file: String) -> String { "\(Fixtures.path)/models/\(file)" }
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
            #expect(error <= fixture.nrmseLimit, "\(port.name) on \(instructionSet) with \(threads) threads")
          }
          bytes.insert(outputs.map { $0.withUnsafeBytes { Array($0) } })
        }
      }
      // f32 sums may fuse multiply and add from AVX2 on.
      let expectsEqualBytes = fixture.int8Layers > 0
      #expect(bytes.count == 1 || !expectsEqualBytes, "instruction sets or thread counts give different bytes")
    }
  }

  @Test(arguments: try FixtureModel.all)
  func asManyLayersRunOnIntegersAsCan(_ fixture: FixtureModel) throws {
    let model = try ModelLoading.model(from: fixture.model)
    let layers = try model.plan(for: model.smallestInputShapes).layers
    // A layer over several scales runs as several sums under its one name.
    let integerLayers = Set(layers.filter { $0.precision == "int8" && $0.macs > 0 }.map(\.name))
    #expect(integerLayers.count == fixture.int8Layers)
  }

  private func normalizedError(_ found: [Double], _ expected: [Double]) -> Double {
    let squares = zip(found, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let range = (expected.max() ?? 0) - (expected.min() ?? 0)
    return (squares / Double(max(expected.count, 1))).squareRoot() / (range > 0 ? range : 1)
  }
}
