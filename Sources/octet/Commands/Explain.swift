import ArgumentParser
import OctetRuntime

/// octet explain: what runs for each layer, and why it is not INT8.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows, layer by layer, precision, kernel, what was fused, and why a layer is not INT8.")

  @Argument(help: "model.xml, or embedded:NAME.")
  var model: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let compiled = try ModelLoading.model(from: model)
    let plan = try compiled.plan(for: compiled.smallestInputShapes)
    if json {
      print(
        try JSONText.encode(Report(model: model, isa: compiled.instructionSet, layers: plan.layers.map(Layer.init))))
    } else {
      printTable(plan)
    }
  }

  private func printTable(_ plan: ExecutionPlan) {
    for layer in plan.layers {
      let fused = layer.fused.isEmpty ? "" : "  + " + layer.fused.joined(separator: ", ")
      let reason = layer.reason.map { "  (not INT8: \($0))" } ?? ""
      print("\(layer.precision)\t\(layer.operatorName)\t\(layer.name)\t\(layer.kernel)\(fused)\(reason)")
    }
    let summing = plan.layers.filter { $0.macs > 0 }
    let integer = summing.filter { $0.precision == "int8" }
    let total = summing.reduce(0) { $0 + $1.macs }
    let share = total == 0 ? 0 : Double(integer.reduce(0) { $0 + $1.macs }) / Double(total) * 100
    print("\(integer.count) of \(summing.count) layers INT8, \(share.formatted(decimals: 1)) % of MACs")
  }

  private struct Report: Encodable {
    let model: String
    let isa: String
    let layers: [Layer]
  }

  private struct Layer: Encodable {
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
}
