import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Operators that run networks of their own or keep variables.
  static let controlFlow: [IROperator] = [
    IROperator("Assign", 3, 6) { layer in Assign(variable: try layer.attributes.text("variable_id")) },
    IROperator("If", 8) { layer in
      try If(
        whenTrue: branch(layer, "then_body", "then_port_map"), whenFalse: branch(layer, "else_body", "else_port_map"))
    },
    IROperator("Loop", 5) { layer in
      let body = try layer.body("body")
      let condition = try layer.portMap("port_map").outputs.first { $0.purpose == "execution_condition" }
      return try Loop(
        iteration(layer),
        condition: condition.map { (entry) throws(OperatorError) in try body.output(entry.layer) })
    },
    IROperator("ReadValue", 3) { layer in
      try ReadValue(variable: layer.attributes.text("variable_id"), type: nil)
    },
    IROperator("ReadValue", 6) { layer in
      try ReadValue(
        variable: layer.attributes.text("variable_id"),
        type: TensorType(
          layer.attributes.elementType("variable_type"), layer.attributes.partialShape("variable_shape")))
    },
    IROperator("TensorIterator", 1) { layer in try TensorIterator(iteration(layer)) },
  ]

  private static func branch(_ layer: IRLayer, _ body: String, _ map: String) throws(OperatorError) -> If.Branch {
    let (body, map) = (try layer.body(body), try layer.portMap(map))
    var operands = [Int?](repeating: nil, count: body.subgraph.inputCount)
    for entry in map.inputs { operands[try body.input(entry.layer)] = try layer.operand(entry.port) }
    let known = operands.compactMap { $0 }
    guard known.count == operands.count else {
      throw .mismatch("port map", expected: "an operand for each of \(operands.count) inputs", found: "\(known.count)")
    }
    var outputs: [Int] = []
    for entry in try layer.resultEntries(map) { outputs.append(try body.output(entry.layer)) }
    return If.Branch(body: body.subgraph, operands: known, outputs: outputs)
  }

  private static func iteration(_ layer: IRLayer) throws(OperatorError) -> Iteration {
    let (body, map) = (try layer.body("body"), try layer.portMap("port_map"))
    var sources = [Iteration.Source?](repeating: nil, count: body.subgraph.inputCount)
    for entry in map.inputs {
      let input = try body.input(entry.layer)
      if entry.purpose == "current_iteration" {
        sources[input] = .turn
      } else if let axis = entry.axis {
        sources[input] = .parts(operand: try layer.operand(entry.port), try entry.parts(axis))
      } else {
        sources[input] = .operand(try layer.operand(entry.port))
      }
    }
    for edge in layer.portMaps["back_edges"]?.backEdges ?? [] {
      let input = try body.input(edge.to)
      guard case .operand(let operand) = sources[input] else {
        throw .mismatch("back edge to layer \(edge.to)", expected: "an input that is not cut into parts", found: "one")
      }
      sources[input] = .carried(operand: operand, output: try body.output(edge.from))
    }
    let known = sources.compactMap { $0 }
    guard known.count == sources.count else {
      throw .mismatch("port map", expected: "a source for each of \(sources.count) inputs", found: "\(known.count)")
    }
    var results: [Iteration.Result] = []
    for entry in try layer.resultEntries(map) {
      let output = try body.output(entry.layer)
      results.append(
        try entry.axis.map { (axis) throws(OperatorError) in .joined(output: output, try entry.parts(axis)) }
          ?? .last(output: output))
    }
    return try Iteration(body: body.subgraph, sources: known, results: results)
  }
}
