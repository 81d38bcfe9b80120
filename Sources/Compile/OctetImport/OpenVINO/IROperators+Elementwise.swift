import OctetGraph
import OctetOperators

extension IROperatorTable {
  /// Operators of two operands, element by element, and conversions.
  static let elementwise: [IROperator] = [
    binary("Add", Add()),
    IROperator("Convert", 1) { layer in try Convert(to: layer.attributes.elementType("destination_type")) },
    IROperator("Divide", 1) { layer in
      try layer.requireNumPyBroadcasting()
      try layer.attributes.require("m_pythondiv", oneOf: "true", "1")
      return Divide()
    },
    binary("Multiply", Multiply()),
    IROperator("PReLU", 1) { _ in PReLU() },
    binary("Subtract", Subtract()),
  ]

  /// A type of opset1 that has no attributes of its own.
  private static func binary(_ type: String, _ op: some Operator) -> IROperator {
    IROperator(type, 1) { layer in
      try layer.requireNumPyBroadcasting()
      return op
    }
  }
}

extension IRLayer {
  /// The rule by which operators of two operands match shapes; `none` forbids what the recorded shapes would show.
  func requireNumPyBroadcasting() throws(OperatorError) {
    try attributes.require("auto_broadcast", oneOf: "numpy", "none")
  }
}
