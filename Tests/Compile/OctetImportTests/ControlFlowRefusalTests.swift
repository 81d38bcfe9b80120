import OctetGraph
import OctetImport
import OctetOperators
import OctetRuntime
import OctetSystem
import OctetTensor
import OctetTestSupport
import Testing

/// Port maps and bodies that lie, from files that are whole otherwise.
@Suite struct ControlFlowRefusalTests {
  private static func golden(_ file: String, _ name: String) throws -> GoldenCase {
    try #require(try OperatorGoldens.named(file).cases.first { $0.name == name })
  }

  private static func graph(_ xml: String, _ golden: GoldenCase) throws(ModelError) -> Graph {
    try ModelImporter.graph(
      xml: FileContents(bytes: Array(xml.utf8)), weights: FileContents(bytes: Array(golden.weights)), name: "flow.xml")
  }

  /// The sentence with which the loop is refused after a change; nil when it is not.
  private func refusal(_ file: String, _ name: String, _ old: String, _ new: String) throws -> String? {
    let golden = try Self.golden(file, name)
    #expect(golden.xml.contains(old), "\(old)")
    do throws(ModelError) {
      _ = try Self.graph(golden.xml.replacing(old, with: new), golden)
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("external_port_id=\"2\"", "external_port_id=\"77\"", "an input port of the layer, found 77"),
    ("internal_layer_id=\"1\"", "internal_layer_id=\"99\"", "a Parameter of the body, found layer 99"),
    ("internal_layer_id=\"1\"", "internal_layer_id=\"x\"", "attribute 'internal_layer_id'"),
    ("part_size=\"1\"", "part_size=\"0\"", "a stride of ± their size"),
    ("stride=\"1\"", "stride=\"9223372036854775807\"", "a stride of ± their size"),
    ("axis=\"0\"", "axis=\"-7\"", "axis of an iteration"),
    ("start=\"0\"", "start=\"900\"", "bounds inside"),
    ("to-layer=\"1\" />", "to-layer=\"0\" />", "an input that is not cut into parts"),
    ("<port_map>", "<port_map><surprise />", "expected <input>, <output> or <edge>, found <surprise>"),
    ("type=\"Multiply\"", "type=\"Mystery\"", "(type Mystery, opset1)"),
    ("<body>", "<other_body>", "mismatched tag"),
  ])
  func aLoopThatLiesIsRefused(_ old: String, _ new: String, _ finding: String) throws {
    let sentence = try #require(try refusal("Loop", "a number of turns", old, new))
    #expect(sentence.hasPrefix("flow.xml: ") && sentence.contains(finding), "\(sentence)")
  }

  @Test func layersInBodiesAreNamedWithAllOthers() throws {
    let golden = try Self.golden("Loop", "nested")
    let damaged = golden.xml.replacing("type=\"ReduceSum\"", with: "type=\"Riddle\"")
      .replacing("type=\"Multiply\"", with: "type=\"Mystery\"")
    let sentence = try #require(
      {
        do throws(ModelError) {
          _ = try Self.graph(damaged, golden)
          return nil
        } catch {
          return error.description
        }
      }() as String?)
    #expect(sentence.contains("layers are not supported"))
    #expect(sentence.contains("type Riddle") && sentence.contains("type Mystery"), "\(sentence)")
  }

  @Test func aBranchWithoutItsBodyIsRefused() throws {
    let golden = try Self.golden("If", "condition True")
    let renamed = golden.xml.replacing("then_body>", with: "no_body>")
    #expect(throws: ModelError.self) { try Self.graph(renamed, golden) }
  }

  /// Digits that lie, anywhere in a file with bodies in bodies: a graph or a sentence.
  @Test func damagedBodiesNeverTrap() throws {
    var random = SeededRandom(seed: 11)
    for (file, name) in [("Loop", "nested"), ("TensorIterator", "backwards"), ("If", "shapes of its own, True")] {
      let golden = try Self.golden(file, name)
      for _ in 0..<150 {
        var xml = Array(golden.xml.utf8)
        let digits = xml.indices.filter { (48...57).contains(xml[$0]) }
        for _ in 0..<2 {
          let pick = random.tensor(.f64, [2], in: 0...1).doubles
          let place = digits[min(Int(pick[0] * Double(digits.count)), digits.count - 1)]
          xml[place] = 48 + UInt8(min(pick[1] * 10, 9))
        }
        do throws(ModelError) {
          _ = try Self.graph(String(decoding: xml, as: UTF8.self), golden)
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }
}
