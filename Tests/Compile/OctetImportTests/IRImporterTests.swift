import OctetGraph
import OctetImport
import OctetTensor
import Testing

@Suite struct IRImporterTests {
  @Test func computesWhatTheFileDescribes() throws {
    let graph = try SmallIR.graph()
    let outputs = try Interpreter(graph).run([Tensor(.f32, [1, 2], elements: [Float(3), 1])])
    #expect(outputs.map { $0.elements(as: Float.self) } == [[4, 0]])
  }

  /// No OpenVINO reads what its own passes write here: x · c / √(mean of x² + ε), ε = 3.5.
  @Test func rootMeanSquaresAreRead() throws {
    let xml = SmallIR.xml.replacing(
      "type=\"Add\" version=\"opset1\"", with: "type=\"RMS\" version=\"ie_internal_opset\""
    )
    .replacing("auto_broadcast=\"numpy\"", with: "epsilon=\"3.5\"")
    .replacing("shape=\"1, 2\"", with: "shape=\"2\"")
    .replacing(
      "<output><port id=\"0\" precision=\"FP32\"><dim>1</dim>", with: "<output><port id=\"0\" precision=\"FP32\">")
    let outputs = try Interpreter(try SmallIR.graph(xml)).run([Tensor(.f32, [1, 2], elements: [Float(3), -4])])
    #expect(outputs.map { $0.elements(as: Float.self) } == [[0.75, 2]])
  }

  @Test func bothVersionsAreRead() throws {
    #expect(throws: Never.self) { try SmallIR.graph(SmallIR.xml.replacing("version=\"11\"", with: "version=\"10\"")) }
  }

  @Test func outputsAreNamedByTensorThenByLayer() throws {
    #expect(try SmallIR.graph().outputs.map(\.name) == ["y"])
    let anonymous = SmallIR.xml.replacing(" names=\"y,head/y:0\"", with: "")
    #expect(try SmallIR.graph(anonymous).outputs.map(\.name) == ["activation"])
  }

  @Test func aCommaInsideANameIsKept() throws {
    let xml = SmallIR.xml.replacing("y,head/y:0", with: "y\\,head,z")
    #expect(try SmallIR.graph(xml).outputs.map(\.name) == ["y,head"])
  }

  @Test func inputsAreNamedByTensorThenByLayer() throws {
    func names(_ xml: String) throws -> [String] {
      let graph = try SmallIR.graph(xml)
      return graph.inputs.map { graph.node($0).name }
    }
    #expect(try names(SmallIR.xml.replacing("names=\"x\"", with: "names=\"data/in:0,x\"")) == ["data/in:0"])
    #expect(try names(SmallIR.xml.replacing(" names=\"x\"", with: "")) == ["x"])
  }

  @Test func layerNamesMayHoldAnything() throws {
    let xml = SmallIR.xml.replacing("name=\"sum\"", with: "name=\"a &lt;b&gt; / 'ü' 层\"")
    let graph = try SmallIR.graph(xml)
    #expect(graph.topologicalOrder.map { graph.node($0).name }.contains("a <b> / 'ü' 层"))
  }

  @Test func layersMayStandInAnyOrder() throws {
    // The activation is moved in front of everything that it depends on.
    let start = try #require(SmallIR.xml.firstRange(of: "<layer id=\"3\""))
    let end = try #require(SmallIR.xml.firstRange(of: "<layer id=\"4\""))
    let activation = String(SmallIR.xml[start.lowerBound..<end.lowerBound])
    let xml = SmallIR.xml.replacing(activation, with: "").replacing("<layers>", with: "<layers>" + activation)
    let outputs = try Interpreter(try SmallIR.graph(xml)).run([Tensor(.f32, [1, 2], elements: [Float(3), 1])])
    #expect(outputs.map { $0.elements(as: Float.self) } == [[4, 0]])
  }

  @Test(arguments: [
    ("1,2", "[1, 2]"), ("?,2", "[?, 2]"), ("-1,2", "[?, 2]"), ("1..8,2", "[1..8, 2]"), ("..8, 2", "[0..8, 2]"),
    ("2..,2", "[2.., 2]"), ("4..4,2", "[4, 2]"),
  ])
  func inputShapesMayBeOpen(_ text: String, _ expected: String) throws {
    let xml = SmallIR.xml.replacing("shape=\"1,2\"", with: "shape=\"\(text)\"")
      .replacing("<dim>1</dim>", with: "<dim>-1</dim>").replacing("shape=\"1, 2\"", with: "shape=\"1,2\"")
    let graph = try SmallIR.graph(xml)
    let shapes = graph.inputs.map { graph.node($0).type.shape.description }
    #expect(shapes == [expected])
  }

  @Test func equalConstantsShareTheirStorage() throws {
    let twice = SmallIR.xml
      .replacing("<edge from-layer=\"0\" from-port=\"0\"", with: "<edge from-layer=\"9\" from-port=\"0\"")
      .replacing(
        "<layer id=\"2\"",
        with: """
          <layer id="9" name="again" type="Const" version="opset1">
            <data element_type="f32" shape="1, 2" offset="0" size="8"/>
            <output><port id="0" precision="FP32"><dim>1</dim><dim>2</dim></port></output>
          </layer>
          <layer id="2"
          """)
    let graph = try SmallIR.graph(twice)
    let constants = graph.topologicalOrder.compactMap { graph.constant(Value($0)) }
    #expect(constants.count == 2)
    #expect(constants.first?.storage === constants.last?.storage)
  }
}
