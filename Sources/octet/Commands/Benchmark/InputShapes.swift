import ArgumentParser
import OctetRuntime
import OctetTensor

/// `[NAME=]1,3,224,224`.
struct ShapeArgument: ExpressibleByArgument, Equatable {
  /// Nil stands for the only input.
  let name: String?
  let shape: Shape

  init?(argument: String) {
    let sign = argument.lastIndex(of: "=")
    let list = sign.map { argument[argument.index(after: $0)...] } ?? argument[...]
    let extents = list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard extents.allSatisfy({ $0 > 0 }), let shape = Shape(extents) else { return nil }
    name = sign.map { String(argument[..<$0]) }
    self.shape = shape
  }

  var text: String { (name.map { "\($0)=" } ?? "") + shape.extents.map(String.init).joined(separator: ",") }
}

/// What a benchmark feeds a model: the shapes that were asked for, and elsewhere the smallest, with the first axis at
/// `batch`.
struct InputShapes {
  let requested: [ShapeArgument]
  let batch: Int

  func resolved(for model: CompiledModel) throws(CommandError) -> [Shape] {
    let ports = model.signature.inputs
    for argument in requested {
      let names = ports.map { "'\($0.name)'" }.joined(separator: ", ")
      guard let name = argument.name else {
        guard ports.count == 1 else {
          throw CommandError(.usage, "--shape \(argument.text): expected NAME=… with a name out of \(names)")
        }
        continue
      }
      guard ports.contains(where: { $0.name == name }) else {
        throw CommandError(.usage, "--shape \(argument.text): expected an input out of \(names), found '\(name)'")
      }
    }
    var shapes: [Shape] = []
    for (port, smallest) in zip(ports, model.smallestInputShapes) {
      shapes.append(try shape(of: port, smallest))
    }
    return shapes
  }

  private func shape(of port: Port, _ smallest: Shape) throws(CommandError) -> Shape {
    if let argument = requested.last(where: { ($0.name ?? port.name) == port.name }) {
      guard port.type.shape.accepts(argument.shape) else {
        throw CommandError(.usage, "--shape \(argument.text): input '\(port.name)' takes \(port.type.shape)")
      }
      return argument.shape
    }
    guard batch > 1 else { return smallest }
    guard smallest.rank > 0, port.type.shape[0].accepts(batch) else {
      throw CommandError(.usage, "--batch \(batch): input '\(port.name)' takes \(port.type.shape)")
    }
    guard let shape = Shape([batch] + smallest.extents.dropFirst()) else {
      throw CommandError(.usage, "--batch \(batch): input '\(port.name)' would have too many elements")
    }
    return shape
  }
}
