import OctetTensor

extension Graph {
  /// The graph as text, one node a line in topological order: what pass tests compare.
  ///
  ///     x: u8[1, 16, 8, 8]
  ///     %1 = MaxPool(x) kernel 2×2: u8[1, 16, 4, 4]
  ///     y = %1
  package var dump: String {
    var names: [Value: String] = [:]
    var lines: [String] = []
    var count = 0
    for id in topologicalOrder {
      let node = node(id)
      if let constant = node.op as? Constant {
        names[node.value] = Self.text(of: constant.tensor)
        continue
      }
      if node.op is Parameter {
        names[node.value] = node.name
        lines.append("\(node.name): \(node.type)")
        continue
      }
      count += 1
      for result in node.types.indices { names[Value(id, result)] = result == 0 ? "%\(count)" : "%\(count).\(result)" }
      let operands = node.operands.map { names[$0] ?? "?" }.joined(separator: ", ")
      let attributes = node.op.attributes.isEmpty ? "" : " " + node.op.attributes
      lines.append("%\(count) = \(node.op.name)(\(operands))\(attributes): \(node.type)")
    }
    lines += outputs.map { "\($0.name) = \(names[$0.value] ?? "?")" }
    return lines.joined(separator: "\n")
  }

  /// A constant by its value when it is one number, by its type otherwise.
  private static func text(of tensor: Tensor) -> String {
    guard tensor.elementCount == 1, tensor.elementType != .string, let value = tensor.doubles.first else {
      return "\(tensor.type)"
    }
    return tensor.elementType.isFloatingPoint ? "\(Float(value))" : "\(Int(value))"
  }
}
