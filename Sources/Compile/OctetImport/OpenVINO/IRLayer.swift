import OctetGraph
import OctetRuntime
import OctetTensor

/// A `<port>` of a layer as the file records it.
struct IRPort: Sendable {
  let id: Int
  /// Nil where the file leaves the type open.
  let precision: String?
  /// Nil for an extent that the file leaves open.
  let dimensions: [Int?]
  let names: [String]
}

/// A `<layer>`: a node before its edges are known.
struct IRLayer: Sendable {
  let id: Int
  let name: String
  let type: String
  /// The set of operators that the type is from, such as opset1.
  let opset: String
  let attributes: IRAttributes
  let inputs: [IRPort]
  let outputs: [IRPort]
  /// Of a Result: what the model calls this output, in files that say so.
  let outputNames: [String]
  /// Of control flow: the networks inside, and how their inputs and outputs are wired, by the name of the element.
  let networks: [String: IRNetwork]
  let portMaps: [String: IRPortMap]
  /// The networks as graphs, once they are built.
  var bodies: [String: IRBody] = [:]

  /// How errors name this layer.
  var place: String { "layer '\(name)' (type \(type), \(opset))" }
}

extension IRLayer {
  init(_ element: XMLElement) throws(ModelError) {
    name = try element.required("name")
    let place = "layer '\(name)'"
    do throws(ModelError) {
      id = try element.integer("id")
      type = try element.required("type")
    } catch {
      throw error.located(at: place)
    }
    opset = element.attributes["version"] ?? "opset1"
    outputNames = IRPort.splitNames(element.attributes["output_names"] ?? "")
    attributes = IRAttributes(element.child(named: "data")?.attributes ?? [:])
    inputs = try Self.ports(element.child(named: "input"), place)
    outputs = try Self.ports(element.child(named: "output"), place)
    do throws(ModelError) {
      var (networks, portMaps): ([String: IRNetwork], [String: IRPortMap]) = ([:], [:])
      for child in element.children {
        if Self.networkElements.contains(child.name) { networks[child.name] = try IRNetwork(child) }
        if Self.portMapElements.contains(child.name) { portMaps[child.name] = try IRPortMap(child) }
      }
      self.networks = networks
      self.portMaps = portMaps
    } catch {
      throw error.located(at: place)
    }
  }

  private static let networkElements: Set<String> = ["body", "then_body", "else_body"]
  private static let portMapElements: Set<String> = ["port_map", "then_port_map", "else_port_map", "back_edges"]

  /// This layer and all that stand in its networks.
  var withInner: [IRLayer] { [self] + networks.keys.sorted().flatMap { networks[$0]?.allLayers ?? [] } }

  private static func ports(_ parent: XMLElement?, _ place: String) throws(ModelError) -> [IRPort] {
    var ports: [IRPort] = []
    var ids: Set<Int> = []
    for element in parent?.children(named: "port") ?? [] {
      do throws(ModelError) {
        let port = try IRPort(element)
        guard ids.insert(port.id).inserted else {
          throw .model("line \(element.line): port \(port.id) occurs twice")
        }
        ports.append(port)
      } catch {
        throw error.located(at: place)
      }
    }
    return ports
  }
}

extension IRPort {
  /// Spellings by which a file says that it does not know a type.
  private static let openPrecisions: Set<String> = ["UNSPECIFIED", "UNDEFINED", "DYNAMIC"]

  init(_ element: XMLElement) throws(ModelError) {
    id = try element.integer("id")
    precision = element.attributes["precision"].flatMap { Self.openPrecisions.contains($0.uppercased()) ? nil : $0 }
    names = Self.splitNames(element.attributes["names"] ?? "")
    var dimensions: [Int?] = []
    for dimension in element.children(named: "dim") {
      guard let extent = IRAttributes.integer(dimension.text), extent >= -1 else {
        throw .model("line \(dimension.line): <dim>: expected an extent or -1, found '\(dimension.text)'")
      }
      dimensions.append(extent == -1 ? nil : extent)
    }
    self.dimensions = dimensions
  }

  /// Splits at commas; a comma inside a name is written `\,`.
  fileprivate static func splitNames(_ text: String) -> [String] {
    var names: [String] = []
    var name = ""
    var isEscaped = false
    for character in text {
      if isEscaped {
        name += character == "," ? "," : "\\\(character)"
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "," {
        names.append(name)
        name = ""
      } else {
        name.append(character)
      }
    }
    names.append(isEscaped ? name + "\\" : name)
    return names.filter { !$0.isEmpty }
  }
}

extension IRPort {
  /// Precision names of ports; the file also allows FP64 and others that no tensor of ours has.
  private static let precisionNames: [ElementType: String] = [
    .f64: "FP64", .f32: "FP32", .f16: "FP16", .bf16: "BF16", .i64: "I64", .i32: "I32", .i16: "I16", .i8: "I8",
    .i4: "I4", .u64: "U64", .u32: "U32", .u16: "U16", .u8: "U8", .u4: "U4", .u1: "BIN", .boolean: "BOOL",
  ]

  /// Whether `type` is something that this record can mean; what either leaves open agrees with everything.
  func agrees(with type: TensorType) -> Bool {
    if let precision, precision != Self.precisionNames[type.elementType] { return false }
    guard dimensions.count == type.shape.rank else { return false }
    return zip(dimensions, type.shape.dimensions).allSatisfy { recorded, inferred in
      recorded.map(inferred.accepts) ?? true
    }
  }

  var description: String {
    let extents = dimensions.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
    return "\(precision ?? "any type") [\(extents)]"
  }
}

extension XMLElement {
  func required(_ name: String) throws(ModelError) -> String {
    guard let value = attributes[name] else {
      throw .model("line \(line): <\(self.name)>: expected an attribute '\(name)', found none")
    }
    return value
  }

  func integer(_ name: String) throws(ModelError) -> Int {
    let text = try required(name)
    guard let value = IRAttributes.integer(text), value >= 0 else {
      throw .model("line \(line): <\(self.name)>: attribute '\(name)': expected a whole number, found '\(text)'")
    }
    return value
  }
}
