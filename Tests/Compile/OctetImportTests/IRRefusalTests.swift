import Testing

/// A change to the small model and the sentence with which the result must be refused.
struct Damage: Sendable, CustomTestStringConvertible {
  let what: String
  let old: String
  let new: String
  let sentence: String

  var testDescription: String { what }
}

@Suite struct IRRefusalTests {
  static let damages = [
    Damage(
      what: "root", old: "<net name=\"small\" version=\"11\">", new: "<net name=\"small\" version=\"7\">",
      sentence: "small.xml: expected an IR of version 10 or 11, found version 7"),
    Damage(
      what: "unknown operator", old: "type=\"ReLU\" version=\"opset1\"",
      new: "type=\"ROIAlignRotated\" version=\"opset14\"",
      sentence: "small.xml: layer 'activation' (type ROIAlignRotated, opset14) is not supported"),
    Damage(
      what: "unknown operator set", old: "type=\"ReLU\" version=\"opset1\"", new: "type=\"ReLU\" version=\"custom\"",
      sentence: "small.xml: layer 'activation' (type ReLU, custom) is not supported"),
    Damage(
      what: "duplicate id", old: "layer id=\"3\"", new: "layer id=\"2\"",
      sentence: "small.xml: layer 'activation': expected an id of its own, found 2, which another layer has"),
    Damage(
      what: "no id", old: "<layer id=\"3\" ", new: "<layer ",
      sentence: "small.xml: layer 'activation': line 20: <layer>: expected an attribute 'id', found none"),
    Damage(
      what: "negative id", old: "<layer id=\"3\" ", new: "<layer id=\"-3\" ",
      sentence: "small.xml: layer 'activation': line 20: <layer>: attribute 'id': expected a whole number, found '-3'"),
    Damage(
      what: "edge from nowhere", old: "from-layer=\"0\"", new: "from-layer=\"77\"",
      sentence: "small.xml: layer 'sum' (type Add, opset1): input port 0: expected an edge from an output, "
        + "found one from port 0 of layer 77, which does not exist"),
    Damage(
      what: "edge to nowhere", old: "to-layer=\"4\"", new: "to-layer=\"44\"",
      sentence:
        "small.xml: expected every edge to lead to an input, found one to port 0 of layer 44, which does not exist"),
    Damage(
      what: "two edges to one port", old: "to-layer=\"2\" to-port=\"1\"", new: "to-layer=\"2\" to-port=\"0\"",
      sentence: "small.xml: line 30: layer 'sum': input port 0: expected one edge to it, found two"),
    Damage(
      what: "missing edge", old: "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"1\"/>", new: "",
      sentence: "small.xml: layer 'sum' (type Add, opset1): input port 1: expected an edge to it, found none"),
    Damage(
      what: "cycle", old: "from-layer=\"1\" from-port=\"0\"", new: "from-layer=\"3\" from-port=\"1\"",
      sentence: "small.xml: expected a graph without cycles, found one through 'sum', 'activation'"),
    Damage(
      what: "offset past the end", old: "offset=\"0\"", new: "offset=\"4\"",
      sentence: "small.xml: layer 'c' (type Const, opset1): expected 8 bytes at offset 4 of the weights of small.xml, "
        + "found a file of 8 bytes"),
    Damage(
      what: "offset that overflows", old: "offset=\"0\"", new: "offset=\"9223372036854775807\"",
      sentence:
        "small.xml: layer 'c' (type Const, opset1): expected 8 bytes at offset 9223372036854775807 of the weights "
        + "of small.xml, found a file of 8 bytes"),
    Damage(
      what: "size that is not the shape's", old: "size=\"8\"", new: "size=\"4\"",
      sentence: "small.xml: layer 'c' (type Const, opset1): attribute 'size': expected 8 bytes for f32[1, 2], found 4"),
    Damage(
      what: "shape product that overflows", old: "shape=\"1, 2\"", new: "shape=\"4294967296, 4294967296\"",
      sentence:
        "small.xml: layer 'c' (type Const, opset1): attribute 'shape': expected extents whose product is at most "
        + "1099511627776, found [4294967296, 4294967296]"),
    Damage(
      what: "type of a constant", old: "element_type=\"f32\" shape=\"1, 2\"",
      new: "element_type=\"string\" shape=\"1, 2\"",
      sentence:
        "small.xml: layer 'c' (type Const, opset1): attribute 'element_type': expected a type that constants can "
        + "have, found string"),
    Damage(
      what: "type of an input", old: "shape=\"1,2\" element_type=\"f32\"", new: "shape=\"1,2\" element_type=\"string\"",
      sentence:
        "small.xml: layer 'x' (type Parameter, opset1): attribute 'element_type': expected a numeric type of 8 bits "
        + "or more, found string"),
    Damage(
      what: "input of unknown rank", old: "shape=\"1,2\"", new: "shape=\"...\"",
      sentence: "small.xml: layer 'x' (type Parameter, opset1): attribute 'shape': expected a shape of known rank, "
        + "found '...'"),
    Damage(
      what: "attribute value that is not implemented", old: "auto_broadcast=\"numpy\"", new: "auto_broadcast=\"pdpd\"",
      sentence: "small.xml: layer 'sum' (type Add, opset1): attribute 'auto_broadcast': expected 'numpy' or 'none', "
        + "found 'pdpd'"),
    Damage(
      what: "recorded shape that is not the operator's",
      old: "<port id=\"1\" precision=\"FP32\" names=\"y,head/y:0\"><dim>1</dim><dim>2</dim></port>",
      new: "<port id=\"1\" precision=\"FP32\"><dim>1</dim><dim>3</dim></port>",
      sentence:
        "small.xml: layer 'activation' (type ReLU, opset1): output port 1: expected f32[1, 2], found FP32 [1, 3] "
        + "in the file"),
    Damage(
      what: "recorded type that is not the operator's",
      old: "<port id=\"1\" precision=\"FP32\" names=\"y,head/y:0\">", new: "<port id=\"1\" precision=\"I8\">",
      sentence: "small.xml: layer 'activation' (type ReLU, opset1): output port 1: expected f32[1, 2], found I8 [1, 2] "
        + "in the file"),
    Damage(
      what: "extent that is not a number", old: "<dim>1</dim>", new: "<dim>one</dim>",
      sentence: "small.xml: layer 'x': line 6: <dim>: expected an extent or -1, found 'one'"),
    Damage(
      what: "no output", old: "type=\"Result\"", new: "type=\"ReLU\"",
      sentence: "small.xml: expected at least one Result layer, found none"),
    Damage(
      what: "document type", old: "<net ",
      new: "<!DOCTYPE net [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><net ",
      sentence: "small.xml: line 2: a DOCTYPE is not allowed"),
    Damage(
      what: "XML that is not well-formed", old: "</layers>", new: "</layer>",
      sentence: "small.xml: line 27: expected well-formed XML, found: mismatched tag"),
  ]

  @Test(arguments: damages)
  func aDamagedModelIsRefusedInOneSentence(_ damage: Damage) {
    #expect(SmallIR.xml.contains(damage.old))
    let xml = SmallIR.xml.replacing(damage.old, with: damage.new, maxReplacements: 1)
    #expect(SmallIR.refusal(xml) == damage.sentence)
  }

  @Test func allUnsupportedLayersAreListedAtOnce() {
    let xml = SmallIR.xml.replacing("type=\"ReLU\"", with: "type=\"Foo\"").replacing(
      "type=\"Add\"", with: "type=\"Bar\"")
    #expect(
      SmallIR.refusal(xml)
        == "small.xml: 2 layers are not supported: 'sum' (type Bar, opset1), 'activation' (type Foo, opset1)")
  }

  @Test func operandsThatAreMissingAreCounted() {
    let xml = SmallIR.xml
      .replacing("<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"1\"/>", with: "")
      .replacing("<port id=\"1\" precision=\"FP32\"><dim>1</dim><dim>2</dim></port>\n      </input>", with: "</input>")
    #expect(
      SmallIR.refusal(xml) == "small.xml: layer 'sum' (type Add, opset1): operands of Add: expected 2, found 1")
  }

  @Test func elementsNestedWithoutEndAreRefused() {
    let xml = String(repeating: "<a>", count: 100_000)
    #expect(SmallIR.refusal(xml) == "small.xml: line 1: elements nested more than 64 deep, the last of them <a>")
  }

  @Test func entitiesThatExpandWithoutEndAreRefusedAtOnce() {
    var entities = "<!ENTITY a0 \"aaaaaaaaaaaaaaaaaaaaaaaa\">"
    for level in 1..<40 {
      entities += "<!ENTITY a\(level) \"\(String(repeating: "&a\(level - 1);", count: 20))\">"
    }
    let refusal = SmallIR.refusal("<!DOCTYPE net [\(entities)]>\n<net>&a39;</net>")
    #expect(refusal == "small.xml: line 1: a DOCTYPE is not allowed")
  }

  @Test(arguments: ["", "<net", "not xml", "\u{0}", "<net/>"])
  func whatIsNoModelIsRefused(_ text: String) throws {
    let refusal = try #require(SmallIR.refusal(text))
    #expect(refusal.hasPrefix("small.xml: "))
  }
}
