import OctetGraph
import OctetRuntime

/// The layers of a network with every operand resolved to the layer and result that it reads.
struct IRWiring {
  /// A result, by index of its layer and index of its port.
  struct Source {
    let layer: Int
    let port: Int
  }

  let layers: [IRLayer]
  /// For each layer the sources of its operands, in port order.
  let operands: [[Source]]

  init(_ network: IRNetwork) throws(ModelError) {
    layers = network.layers
    var results: [IREndpoint: Source] = [:]
    var inputs: Set<IREndpoint> = []
    for (index, layer) in layers.enumerated() {
      // Nothing can be read from an output of the model, whatever ports the file gives it.
      for (position, port) in layer.outputs.enumerated() where layer.type != IROperatorTable.resultType {
        results[IREndpoint(layer: layer.id, port: port.id)] = Source(layer: index, port: position)
      }
      for port in layer.inputs { inputs.insert(IREndpoint(layer: layer.id, port: port.id)) }
    }
    // The least of them, so that the same file always gives the same sentence.
    let strays = network.sources.keys.filter { !inputs.contains($0) }
    if let stray = strays.min(by: { ($0.layer, $0.port) < ($1.layer, $1.port) }) {
      throw .model("expected every edge to lead to an input, found one to \(Self.describe(stray, layers))")
    }
    var operands: [[Source]] = []
    for layer in layers { operands.append(try Self.operands(of: layer, network, results)) }
    self.operands = operands
  }

  private static func operands(
    of layer: IRLayer, _ network: IRNetwork, _ results: [IREndpoint: Source]
  ) throws(ModelError) -> [Source] {
    var operands: [Source] = []
    for port in layer.inputs {
      guard let from = network.sources[IREndpoint(layer: layer.id, port: port.id)] else {
        throw .model("\(layer.place): input port \(port.id): expected an edge to it, found none")
      }
      guard let source = results[from] else {
        throw .model(
          "\(layer.place): input port \(port.id): expected an edge from an output, found one from "
            + describe(from, network.layers))
      }
      operands.append(source)
    }
    return operands
  }

  private static func describe(_ endpoint: IREndpoint, _ layers: [IRLayer]) -> String {
    let layer = layers.first { $0.id == endpoint.layer }.map { "'\($0.name)'" }
    return "port \(endpoint.port) of layer \(layer ?? "\(endpoint.layer), which does not exist")"
  }

  /// Indices of layers, each after those that it reads; where that leaves a choice, in the order of the file.
  func topologicalOrder() throws(ModelError) -> [Int] {
    enum State { case untouched, open, done }
    var states = [State](repeating: .untouched, count: layers.count)
    var order: [Int] = []
    // An explicit stack: models are deep enough to overflow the one of a thread.
    for root in layers.indices where states[root] == .untouched {
      var stack: [(layer: Int, next: Int)] = [(root, 0)]
      states[root] = .open
      while let (layer, next) = stack.last {
        guard next < operands[layer].count else {
          states[layer] = .done
          order.append(layer)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let source = operands[layer][next].layer
        switch states[source] {
        case .done: break
        case .open: throw cycle(stack.map(\.layer).drop { $0 != source })
        case .untouched:
          states[source] = .open
          stack.append((source, 0))
        }
      }
    }
    return order
  }

  /// Names the layers of a cycle, or the first of many.
  private func cycle(_ members: some Collection<Int>) -> ModelError {
    let names = members.prefix(8).map { "'\(layers[$0].name)'" } + (members.count > 8 ? ["…"] : [])
    return .model("expected a graph without cycles, found one through \(names.joined(separator: ", "))")
  }
}
