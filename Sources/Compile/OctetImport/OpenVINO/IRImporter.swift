import OctetGraph
import OctetOperators
import OctetRuntime
import OctetSystem
import OctetTensor

/// Builds a graph from an OpenVINO IR: operators from layers, operands from edges.
struct IRImporter {
  /// The versions of the format that this importer reads.
  private static let versions = [10, 11]

  private let wiring: IRWiring
  private let weights: WeightSource
  private var graph = Graph()
  private var folding = ConstantArithmetic()
  /// The node of each layer, once it has been added; results have none.
  private var nodes: [Int: NodeID] = [:]

  static func graph(_ xml: FileContents, weights: WeightSource) throws(ModelError) -> Graph {
    let root = try withExtendedLifetime(xml) { (file) throws(ModelError) in try IRParser.parse(file.bytes) }
    guard root.name == "net" else {
      throw .model("line \(root.line): expected <net>, the root of an OpenVINO IR, found <\(root.name)>")
    }
    let version = try root.integer("version")
    guard versions.contains(version) else {
      throw .model("expected an IR of version 10 or 11, found version \(version)")
    }
    return try graph(try IRNetwork(root), weights: weights)
  }

  private static func graph(_ network: IRNetwork, weights: WeightSource) throws(ModelError) -> Graph {
    try IROperatorTable.refuseUnsupported(network.allLayers)
    var importer = IRImporter(wiring: try IRWiring(network), weights: weights)
    try importer.build()
    try importer.refuseEqualInputNames()
    try importer.nameOutputs()
    return importer.graph
  }

  /// A network inside a layer: what tells its inputs and outputs apart are the ids of their layers.
  private func body(_ network: IRNetwork) throws(ModelError) -> IRBody {
    var importer = IRImporter(wiring: try IRWiring(network), weights: weights)
    try importer.build()
    var (inputs, outputs): ([Int: Int], [Int: Int]) = ([:], [:])
    for (index, layer) in importer.wiring.layers.enumerated() {
      if layer.type == Parameter.name, let id = importer.nodes[index] {
        inputs[layer.id] = importer.graph.inputs.firstIndex(of: id)
      }
      guard layer.type == IROperatorTable.resultType, let source = importer.wiring.operands[index].first,
        let id = importer.nodes[source.layer]
      else { continue }
      outputs[layer.id] = importer.graph.outputs.count
      importer.graph.addOutput(Value(id, source.port), name: layer.name)
    }
    return IRBody(subgraph: Subgraph(importer.graph), inputs: inputs, outputs: outputs)
  }

  private init(wiring: IRWiring, weights: WeightSource) {
    self.wiring = wiring
    self.weights = weights
  }

  private mutating func build() throws(ModelError) {
    // Inputs first, so that they keep the order of the file wherever their readers stand.
    let order = try wiring.topologicalOrder()
    let inputs = wiring.layers.indices.filter { wiring.layers[$0].type == Parameter.name }
    let sorted = inputs + order.filter { wiring.layers[$0].type != Parameter.name }
    for index in sorted {
      try Self.locating(wiring.layers[index]) { (layer) throws(ModelError) in try add(layer, at: index) }
    }
    // Only now: an operator knows better what is wrong with its operands than the file's own record of them.
    for index in sorted {
      try Self.locating(wiring.layers[index]) { (layer) throws(ModelError) in try checkTypes(of: layer, at: index) }
    }
  }

  private static func locating(
    _ layer: IRLayer, _ body: (IRLayer) throws(ModelError) -> Void
  ) throws(ModelError) {
    do throws(ModelError) {
      try body(layer)
    } catch {
      throw error.located(at: layer.place)
    }
  }

  // MARK: - Layers

  private mutating func add(_ layer: IRLayer, at index: Int) throws(ModelError) {
    let operands = wiring.operands[index].compactMap { source in
      nodes[source.layer].map { Value($0, source.port) }
    }
    if layer.type == IROperatorTable.resultType {
      guard operands.count == 1 else { throw .model("operands of Result: expected 1, found \(operands.count)") }
      return
    }
    var layer = layer
    for (name, network) in layer.networks { layer.bodies[name] = try body(network) }
    do throws(OperatorError) {
      let op = try makeOperator(layer)
      let name = layer.type == Parameter.name ? layer.outputs.first?.names.first : nil
      nodes[index] = try folding.add(op, operands, layer: layer, name: name ?? layer.name, to: &graph)
    } catch {
      throw .model(error.description)
    }
    try checkPortCount(of: layer, at: index)
  }

  private func makeOperator(_ layer: IRLayer) throws(OperatorError) -> any Operator {
    switch layer.type {
    case Constant.name: Constant(try constant(layer))
    case Parameter.name: Parameter(type: try inputType(layer))
    default: try IROperatorTable.makeOperator(layer)
    }
  }

  private func inputType(_ layer: IRLayer) throws(OperatorError) -> TensorType {
    let type = try layer.attributes.elementType("element_type")
    guard type.isByteAddressable else {
      throw .mismatch("attribute 'element_type'", expected: "a numeric type of 8 bits or more", found: type.rawValue)
    }
    return TensorType(type, try layer.attributes.partialShape("shape"))
  }

  private func constant(_ layer: IRLayer) throws(OperatorError) -> Tensor {
    let type = try layer.attributes.elementType("element_type")
    guard type != .string else {
      throw .mismatch("attribute 'element_type'", expected: "a type that constants can have", found: type.rawValue)
    }
    let shape = try layer.attributes.shape("shape")
    let offset = try layer.attributes.integer("offset")
    let byteCount = try layer.attributes.integer("size")
    do throws(ModelError) {
      return try weights.tensor(type, shape, offset: offset, byteCount: byteCount)
    } catch {
      throw OperatorError(error.description)
    }
  }

  /// Edges may begin at every port that the file records, so none may be missing.
  private func checkPortCount(of layer: IRLayer, at index: Int) throws(ModelError) {
    guard let id = nodes[index] else { return }
    let count = graph.node(id).types.count
    guard layer.outputs.count <= count else {
      throw .model("expected \(count) outputs, found \(layer.outputs.count) in the file")
    }
  }

  /// A file that records other types than its operators give is damaged, or means something that we would not compute.
  private func checkTypes(of layer: IRLayer, at index: Int) throws(ModelError) {
    guard let id = nodes[index] else { return }
    for (port, type) in zip(layer.outputs, graph.node(id).types) where !port.agrees(with: type) {
      throw .model("output port \(port.id): expected \(type), found \(port.description) in the file")
    }
  }

  // MARK: - Names of inputs and outputs

  /// An input has the name of its tensor, or else of its layer; requests could not tell equal ones apart.
  private func refuseEqualInputNames() throws(ModelError) {
    var names: Set<String> = []
    for id in graph.inputs where !names.insert(graph.node(id).name).inserted {
      throw .model("expected inputs of different names, found '\(graph.node(id).name)' twice")
    }
  }

  /// An output has the name that its Result gives it, or else that of its tensor, or else of the layer that makes it.
  private mutating func nameOutputs() throws(ModelError) {
    var taken: Set<String> = []
    for (index, layer) in wiring.layers.enumerated() where layer.type == IROperatorTable.resultType {
      guard let source = wiring.operands[index].first, let id = nodes[source.layer] else { continue }
      let producer = wiring.layers[source.layer]
      let layerName = producer.outputs.count > 1 ? "\(producer.name).\(source.port)" : producer.name
      let candidates = layer.outputNames + producer.outputs[source.port].names + [layerName, layer.name]
      guard let name = candidates.first(where: { !taken.contains($0) }) else {
        throw .model("\(layer.place): expected an output name of its own, found '\(layer.name)' again")
      }
      taken.insert(name)
      graph.addOutput(Value(id, source.port), name: name)
    }
    guard !graph.outputs.isEmpty else { throw .model("expected at least one Result layer, found none") }
  }
}
