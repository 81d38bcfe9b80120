package import FoundationEssentials
package import OctetTensor
import Testing

/// One operator in Fixtures/operators: models of one layer or a few, with what OpenVINO computes for them.
package struct OperatorGoldens: Decodable {
  package let `operator`: String
  package let cases: [GoldenCase]
}

package struct GoldenCase: Decodable {
  package let name: String
  /// Allowed difference, relative to the larger of 1 and the expected value.
  package let tolerance: Double
  package let xml: String
  package let weights: Data
  package let inputs: [GoldenTensor]
  package let outputs: [GoldenTensor]
}

package struct GoldenTensor: Decodable {
  /// A number, or the text of one that JSON does not have.
  package struct Value: Decodable {
    package let number: Double

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self.number = number
      } else {
        number = try #require(Double(try container.decode(String.self)))
      }
    }
  }

  package let type: String
  package let shape: [Int]
  package let values: [Value]

  package var tensor: Tensor {
    get throws {
      let elementType = try #require(ElementType(rawValue: type))
      return Tensor(elementType, try #require(Shape(shape)), converting: values.map(\.number))
    }
  }
}

extension OperatorGoldens {
  package static var names: [String] { get throws { try Fixtures.names(in: "operators", suffix: ".json") } }

  package static func named(_ name: String) throws -> OperatorGoldens {
    try Fixtures.decode(from: "operators/\(name).json")
  }
}

extension GoldenCase {
  /// Expects these outputs to be those that OpenVINO gives.
  package func expect(_ found: [Tensor]) throws {
    #expect(found.count == outputs.count, "\(name)")
    for (index, (output, expected)) in zip(found, try outputs.map { try $0.tensor }).enumerated() {
      #expect(output.type == expected.type, "\(name), output \(index)")
      let difference = Self.largestDifference(output, expected)
      #expect(difference <= tolerance, "\(name), output \(index): \(output.doubles)")
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
