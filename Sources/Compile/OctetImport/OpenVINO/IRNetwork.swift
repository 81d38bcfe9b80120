import OctetRuntime

/// One end of an edge.
struct IREndpoint: Hashable, Sendable {
  let layer: Int
  let port: Int
}

/// A `<net>` or `<body>`: layers, and which result each operand reads.
struct IRNetwork: Sendable {
  /// Bounds on what a file may ask for; real models stay far below.
  enum Limits {
    static let layerCount = 1 << 18
    static let edgeCount = 1 << 20
  }

  /// In the order of the file.
  let layers: [IRLayer]
  /// Operand → result.
  let sources: [IREndpoint: IREndpoint]
}

extension IRNetwork {
  /// The layers, and those of the networks inside them.
  var allLayers: [IRLayer] { layers.flatMap(\.withInner) }

  /// Reads the children `<layers>` and `<edges>` of an element.
  init(_ element: XMLElement) throws(ModelError) {
    guard let list = element.child(named: "layers") else {
      throw .model("line \(element.line): <\(element.name)>: expected <layers>, found none")
    }
    let layerElements = list.children(named: "layer")
    guard layerElements.count <= Limits.layerCount else {
      throw .model("expected at most \(Limits.layerCount) layers, found \(layerElements.count)")
    }
    var layers: [IRLayer] = []
    var ids: Set<Int> = []
    for layerElement in layerElements {
      let layer = try IRLayer(layerElement)
      guard ids.insert(layer.id).inserted else {
        throw .model("layer '\(layer.name)': expected an id of its own, found \(layer.id), which another layer has")
      }
      layers.append(layer)
    }
    self.layers = layers
    let names = Dictionary(uniqueKeysWithValues: layers.map { ($0.id, $0.name) })
    sources = try Self.sources(element.child(named: "edges"), names)
  }

  private static func sources(
    _ list: XMLElement?, _ names: [Int: String]
  ) throws(ModelError) -> [IREndpoint: IREndpoint] {
    let edges = list?.children(named: "edge") ?? []
    guard edges.count <= Limits.edgeCount else {
      throw .model("expected at most \(Limits.edgeCount) edges, found \(edges.count)")
    }
    var sources: [IREndpoint: IREndpoint] = [:]
    for edge in edges {
      let from = IREndpoint(layer: try edge.integer("from-layer"), port: try edge.integer("from-port"))
      let to = IREndpoint(layer: try edge.integer("to-layer"), port: try edge.integer("to-port"))
      guard sources.updateValue(from, forKey: to) == nil else {
        let place = names[to.layer].map { "layer '\($0)'" } ?? "layer \(to.layer)"
        throw .model("line \(edge.line): \(place): input port \(to.port): expected one edge to it, found two")
      }
    }
    return sources
  }
}
