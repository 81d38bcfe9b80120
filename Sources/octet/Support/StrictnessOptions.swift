import ArgumentParser
import OctetRuntime

/// `--strict-int8`, shared by the commands that run a model.
struct StrictnessOptions: ParsableArguments {
  @Flag(name: .customLong("strict-int8"), help: "Refuse a model of which a layer that could run in INT8 does not.")
  var isStrict = false

  /// - Throws: when it is asked for, and some layer runs in floating point though it could be INT8.
  func check(_ model: CompiledModel, _ path: String) throws(ModelError) {
    if isStrict { try model.requireINT8(path) }
  }
}

extension CompiledModel {
  /// - Throws: the layers that run in floating point though they could be INT8, and why.
  func requireINT8(_ path: String) throws(ModelError) {
    let layers = try plan(for: smallestInputShapes).layers.filter { $0.reason != nil && $0.precision != "int8" }
    guard !layers.isEmpty else { return }
    let shown = layers.prefix(10).map { layer in
      "layer '\(layer.name)' (\(layer.operatorName)) would run in \(layer.precision): \(layer.reason ?? "")"
    }
    let rest = layers.count > shown.count ? ["\(layers.count - shown.count) more, which octet explain lists"] : []
    throw .model("\(path): not fully INT8, as strict INT8 demands: " + (shown + rest).joined(separator: "; "))
  }
}
