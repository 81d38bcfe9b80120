import OctetGraph
import OctetOperators
import OctetRuntime

/// One type of layer: where it is from and the operator that it becomes.
struct IROperator: Sendable {
  /// Throws only OperatorError: closures as short as these cannot say so.
  typealias Make = @Sendable (IRLayer) throws -> any Operator

  let type: String
  /// The operator sets that introduced the versions which `make` understands.
  let sets: [String]
  let make: Make

  /// - Parameter opsets: by their numbers.
  init(_ type: String, _ opsets: Int..., make: @escaping Make) {
    self.init(type, sets: opsets.map { "opset\($0)" }, make: make)
  }

  init(_ type: String, sets: [String], make: @escaping Make) {
    self.type = type
    self.sets = sets
    self.make = make
  }
}

/// Every layer type that the importer knows, one line each.
enum IROperatorTable {
  /// Marks an output of the model: the one layer that computes nothing.
  static let resultType = "Result"

  private static let rows: [IROperator] =
    activations + elementwise + compute + movement + selection + reductions + normalization + recurrent + detection
    + detectron + controlFlow + fourier + color

  private static let makers: [String: IROperator.Make] = {
    var makers: [String: IROperator.Make] = [:]
    for row in rows {
      for set in row.sets {
        let previous = makers.updateValue(row.make, forKey: key(row.type, set))
        precondition(previous == nil, "\(row.type) of \(set) stands in the table twice")
      }
    }
    return makers
  }()

  private static func key(_ type: String, _ opset: String) -> String { "\(opset)::\(type)" }

  /// Names all layers that cannot be imported, so that one attempt tells everything.
  static func refuseUnsupported(_ layers: [IRLayer]) throws(ModelError) {
    let unsupported = layers.filter { layer in
      ![resultType, Constant.name, Parameter.name].contains(layer.type) && makers[key(layer.type, layer.opset)] == nil
    }
    guard let first = unsupported.first else { return }
    guard unsupported.count > 1 else { throw .model("\(first.place) is not supported") }
    let names = unsupported.map { "'\($0.name)' (type \($0.type), \($0.opset))" }
    throw .model("\(unsupported.count) layers are not supported: \(names.joined(separator: ", "))")
  }

  static func makeOperator(_ layer: IRLayer) throws(OperatorError) -> any Operator {
    guard let make = makers[key(layer.type, layer.opset)] else { throw OperatorError("the type is not supported") }
    do {
      return try make(layer)
    } catch {
      throw error as? OperatorError ?? OperatorError("\(error)")
    }
  }
}
