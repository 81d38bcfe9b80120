import OctetGraph
import OctetOperators
import OctetRuntime
import OctetTensor

/// A `<port_map>` or `<back_edges>`: how a network inside a layer is wired to the layer.
struct IRPortMap: Sendable {
  struct Entry: Sendable {
    /// A port of the outer layer; nil where there is none.
    let port: Int?
    /// A Parameter or Result of the network, by its id.
    let layer: Int
    let purpose: String
    /// Set where an axis is cut into parts.
    let axis: Int?
    let start: Int
    let end: Int
    let stride: Int
    let partSize: Int
  }

  let inputs: [Entry]
  let outputs: [Entry]
  /// Of `<back_edges>`: a Result, and the Parameter that it becomes.
  let backEdges: [(from: Int, to: Int)]

  init(_ element: XMLElement) throws(ModelError) {
    var (inputs, outputs, backEdges): ([Entry], [Entry], [(from: Int, to: Int)]) = ([], [], [])
    for child in element.children {
      switch child.name {
      case "input": inputs.append(try Entry(child))
      case "output": outputs.append(try Entry(child))
      case "edge": backEdges.append((try child.integer("from-layer"), try child.integer("to-layer")))
      default:
        throw .model(
          "line \(child.line): <\(element.name)>: expected <input>, <output> or <edge>, found <\(child.name)>")
      }
    }
    self.inputs = inputs
    self.outputs = outputs
    self.backEdges = backEdges
  }
}

extension IRPortMap.Entry {
  fileprivate init(_ element: XMLElement) throws(ModelError) {
    func number(_ name: String) throws(ModelError) -> Int? {
      guard let text = element.attributes[name] else { return nil }
      guard let value = IRAttributes.integer(text) else {
        throw .model(
          "line \(element.line): <\(element.name)>: attribute '\(name)': expected a whole number, found '\(text)'")
      }
      return value
    }
    let port = try number("external_port_id") ?? -1
    self.port = port >= 0 ? port : nil
    layer = try element.integer("internal_layer_id")
    purpose = element.attributes["purpose"] ?? ""
    axis = try number("axis")
    start = try number("start") ?? 0
    end = try number("end") ?? -1
    stride = try number("stride") ?? 1
    partSize = try number("part_size") ?? 1
  }

  /// The parts of an axis that one turn after the other sees.
  func parts(_ axis: Int) throws(OperatorError) -> Iteration.Parts {
    try Iteration.Parts(axis: axis, start: start, end: end, stride: stride, size: partSize)
  }
}

/// A network of a layer as a graph.
struct IRBody: Sendable {
  let subgraph: Subgraph
  /// Index among the inputs by id of the Parameter.
  let inputs: [Int: Int]
  /// Index among the outputs by id of the Result.
  let outputs: [Int: Int]

  func input(_ layer: Int) throws(OperatorError) -> Int {
    guard let index = inputs[layer] else {
      throw .mismatch("port map", expected: "a Parameter of the body", found: "layer \(layer)")
    }
    return index
  }

  func output(_ layer: Int) throws(OperatorError) -> Int {
    guard let index = outputs[layer] else {
      throw .mismatch("port map", expected: "a Result of the body", found: "layer \(layer)")
    }
    return index
  }
}

extension IRLayer {
  func body(_ name: String) throws(OperatorError) -> IRBody {
    guard let body = bodies[name] else { throw .mismatch("<\(name)>", expected: "a network", found: "none") }
    return body
  }

  func portMap(_ name: String) throws(OperatorError) -> IRPortMap {
    guard let map = portMaps[name] else { throw .mismatch("<\(name)>", expected: "a port map", found: "none") }
    return map
  }

  /// The index of the operand at an input port.
  func operand(_ port: Int?) throws(OperatorError) -> Int {
    guard let index = inputs.firstIndex(where: { $0.id == port }) else {
      throw .mismatch("port map", expected: "an input port of the layer", found: port.map(String.init) ?? "none")
    }
    return index
  }

  /// For each result of this layer, in the order of its ports, what the port map says of it.
  func resultEntries(_ map: IRPortMap) throws(OperatorError) -> [IRPortMap.Entry] {
    var entries: [IRPortMap.Entry] = []
    for port in outputs {
      guard let entry = map.outputs.first(where: { $0.port == port.id }) else {
        throw .mismatch("port map", expected: "an output of the body for port \(port.id)", found: "none")
      }
      entries.append(entry)
    }
    return entries
  }
}
