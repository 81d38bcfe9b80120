import OctetRuntime

/// What `octet explain` says: every layer, and how much of the work is INT8.
struct ExplainReport: Encodable {
  let model: String
  let isa: String
  let layers: [Layer]

  init(model: String, isa: String, layers: [LayerDescription]) {
    self.model = model
    self.isa = isa
    self.layers = layers.map(Layer.init)
  }

  struct Layer: Encodable {
    let name: String
    let `operator`: String
    let precision: String
    let kernel: String
    let fused: [String]
    let reason: String?
    let macs: Int

    init(_ layer: LayerDescription) {
      name = layer.name
      `operator` = layer.operatorName
      precision = layer.precision
      kernel = layer.kernel
      fused = layer.fused
      reason = layer.reason
      macs = layer.macs
    }

    /// What it could run in: layers that sum products could run in INT8.
    var wanted: String { reason == nil ? precision : "int8" }

    private enum Key: CodingKey { case name, `operator`, precision, kernel, fused, reason, macs }

    /// `reason` is null rather than absent.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(name, forKey: .name)
      try container.encode(`operator`, forKey: .operator)
      try container.encode(precision, forKey: .precision)
      try container.encode(kernel, forKey: .kernel)
      try container.encode(fused, forKey: .fused)
      try container.encode(reason, forKey: .reason)
      try container.encode(macs, forKey: .macs)
    }
  }

  /// `52 of 53 layers INT8, 99.2 % of MACs`. Layers that sum products count, once each however many kernels they take.
  var summary: String {
    let summing = Dictionary(grouping: layers.filter { $0.macs > 0 }, by: \.name)
    let integer = summing.values.count { parts in parts.allSatisfy { $0.precision == "int8" } }
    // As f64: the model may claim any number.
    let total = layers.reduce(0) { $0 + Double($1.macs) }
    let inside = layers.filter { $0.precision == "int8" }.reduce(0) { $0 + Double($1.macs) }
    let share = total == 0 ? 0 : inside / total * 100
    return "\(integer) of \(summing.count) layers INT8, \(share.formatted(decimals: 1)) % of MACs"
  }

  /// One line a layer, then what was fused into it and why it is not INT8.
  var table: String {
    let heading = ["wanted", "used", "operator", "layer", "kernel"]
    let rows = [heading] + layers.map { [$0.wanted, $0.precision, $0.operator, $0.name, $0.kernel] }
    let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ row: [String]) -> String {
      let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      let text = cells.joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
    let indentation = String(repeating: " ", count: widths[0] + widths[1] + widths[2] + 6)
    var lines = [line(heading)]
    for (row, layer) in zip(rows.dropFirst(), layers) {
      lines.append(line(row))
      if !layer.fused.isEmpty { lines.append("\(indentation)+ \(layer.fused.joined(separator: ", "))") }
      if let reason = layer.reason { lines.append("\(indentation)not INT8: \(reason)") }
    }
    return (lines + [summary]).joined(separator: "\n")
  }
}
