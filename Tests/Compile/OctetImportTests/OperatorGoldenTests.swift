import FoundationEssentials
import OctetGraph
import OctetImport
import OctetSystem
import OctetTensor
import OctetTestSupport
import Testing

/// One operator in Fixtures/operators: models of one layer or a few, with what OpenVINO computes for them.
struct OperatorGoldens: Decodable {
  let `operator`: String
  let cases: [GoldenCase]
}

struct GoldenCase: Decodable {
  let name: String
  /// Allowed difference, relative to the larger of 1 and the expected value.
  let tolerance: Double
  let xml: String
  let weights: Data
  let inputs: [GoldenTensor]
  let outputs: [GoldenTensor]
}

struct GoldenTensor: Decodable {
  /// A number, or the text of one that JSON does not have.
  struct Value: Decodable {
    let number: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self.number = number
      } else {
        number = try #require(Double(try container.decode(String.self)))
      }
    }
  }

  let type: String
  let shape: [Int]
  let values: [Value]

  var tensor: Tensor {
    get throws {
      let elementType = try #require(ElementType(rawValue: type))
      return Tensor(elementType, try #require(Shape(shape)), converting: values.map(\.number))
    }
  }
}

/// Importer, result types and meaning of every operator, together, against OpenVINO.
@Suite struct OperatorGoldenTests {
  @Test(arguments: try Fixtures.names(in: "operators", suffix: ".json"))
  func agreesWithOpenVINO(_ file: String) throws {
    let goldens: OperatorGoldens = try Fixtures.decode(from: "operators/\(file).json")
    #expect(!goldens.cases.isEmpty)
    for golden in goldens.cases { try check(golden, goldens.operator) }
  }

  private func check(_ golden: GoldenCase, _ name: String) throws {
    let graph = try ModelImporter.graph(
      xml: MappedFile(bytes: Array(golden.xml.utf8)), weights: MappedFile(bytes: Array(golden.weights)),
      name: "\(name), \(golden.name)")
    #expect(graph.topologicalOrder.contains { graph.node($0).layerType == name }, "\(golden.name)")
    let outputs = try Interpreter(graph).run(try golden.inputs.map { try $0.tensor })
    #expect(outputs.count == golden.outputs.count)
    for (index, (output, expected)) in zip(outputs, try golden.outputs.map { try $0.tensor }).enumerated() {
      #expect(output.type == expected.type, "\(golden.name), output \(index)")
      let difference = Self.largestDifference(output, expected)
      #expect(difference <= golden.tolerance, "\(golden.name), output \(index): \(output.doubles)")
    }
  }

  /// Relative to the larger of 1 and the expected value; infinite where only one of both is a number.
  private static func largestDifference(_ a: Tensor, _ b: Tensor) -> Double {
    guard a.elementCount == b.elementCount else { return .infinity }
    return zip(a.doubles, b.doubles).reduce(0) { largest, pair in
      let (value, expected) = pair
      if value == expected || value.isNaN && expected.isNaN { return largest }
      let difference = abs(value - expected) / max(1, abs(expected))
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }
}
