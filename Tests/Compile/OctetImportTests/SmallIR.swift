import OctetGraph
import OctetImport
import OctetRuntime
import OctetSystem

/// y = ReLU(x + c) as an IR, x and y of 1×2, c = [1, −2]: the model that the tests of this folder change and damage.
enum SmallIR {
  static let xml = """
    <?xml version="1.0"?>
    <net name="small" version="11">
      <layers>
        <layer id="0" name="x" type="Parameter" version="opset1">
          <data shape="1,2" element_type="f32"/>
          <output><port id="0" precision="FP32" names="x"><dim>1</dim><dim>2</dim></port></output>
        </layer>
        <layer id="1" name="c" type="Const" version="opset1">
          <data element_type="f32" shape="1, 2" offset="0" size="8"/>
          <output><port id="0" precision="FP32"><dim>1</dim><dim>2</dim></port></output>
        </layer>
        <layer id="2" name="sum" type="Add" version="opset1">
          <data auto_broadcast="numpy"/>
          <input>
            <port id="0" precision="FP32"><dim>1</dim><dim>2</dim></port>
            <port id="1" precision="FP32"><dim>1</dim><dim>2</dim></port>
          </input>
          <output><port id="2" precision="FP32"><dim>1</dim><dim>2</dim></port></output>
        </layer>
        <layer id="3" name="activation" type="ReLU" version="opset1">
          <input><port id="0" precision="FP32"><dim>1</dim><dim>2</dim></port></input>
          <output><port id="1" precision="FP32" names="y,head/y:0"><dim>1</dim><dim>2</dim></port></output>
        </layer>
        <layer id="4" name="y/sink" type="Result" version="opset1">
          <input><port id="0" precision="FP32"><dim>1</dim><dim>2</dim></port></input>
        </layer>
      </layers>
      <edges>
        <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
        <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
        <edge from-layer="2" from-port="2" to-layer="3" to-port="0"/>
        <edge from-layer="3" from-port="1" to-layer="4" to-port="0"/>
      </edges>
      <rt_info><anything><MO_version value="2026"/></anything></rt_info>
    </net>
    """

  static let weights: [UInt8] = [Float(1), Float(-2)].flatMap { value in
    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }

  static func graph(_ xml: String = xml, weights: [UInt8] = weights) throws(ModelError) -> Graph {
    try graph(Array(xml.utf8), weights: weights)
  }

  static func graph(_ xml: [UInt8], weights: [UInt8] = weights) throws(ModelError) -> Graph {
    try ModelImporter.graph(xml: FileContents(bytes: xml), weights: FileContents(bytes: weights), name: "small.xml")
  }

  /// The sentence with which a model is refused; nil when it is not.
  static func refusal(_ xml: String, weights: [UInt8] = weights) -> String? {
    do throws(ModelError) {
      _ = try graph(xml, weights: weights)
      return nil
    } catch {
      return error.description
    }
  }
}
