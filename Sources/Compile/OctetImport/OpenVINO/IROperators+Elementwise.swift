import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Operators of two operands, element by element, and conversions.
  static let elementwise: [IROperator] = [
    binary("Add", 1, Add()),
    binary("BitwiseAnd", 13, BitwiseAnd()),
    binary("BitwiseLeftShift", 15, BitwiseShift(.left)),
    binary("BitwiseOr", 13, BitwiseOr()),
    binary("BitwiseRightShift", 15, BitwiseShift(.right)),
    binary("BitwiseXor", 13, BitwiseXor()),
    IROperator("Convert", 1) { layer in try Convert(to: layer.attributes.elementType("destination_type")) },
    plain("ConvertLike", 1, ConvertLike()),
    IROperator("ConvertPromoteTypes", 14) { layer in
      ConvertPromoteTypes(
        isUnsafe: try layer.attributes.boolean("promote_unsafe", default: false),
        prefersTensors: try layer.attributes.boolean("pytorch_scalar_promotion", default: false),
        widestType: try layer.attributes.elementType("u64_integer_promotion_target", default: .f32))
    },
    IROperator("Divide", 1) { layer in
      try layer.requireNumPyBroadcasting()
      try layer.attributes.require("m_pythondiv", oneOf: "true", "1")
      return Divide()
    },
    binary("Equal", 1, Equal()),
    binary("FloorMod", 1, FloorMod()),
    binary("Greater", 1, Greater()),
    binary("GreaterEqual", 1, GreaterEqual()),
    binary("Less", 1, Less()),
    binary("LessEqual", 1, LessEqual()),
    binary("LogicalAnd", 1, LogicalAnd()),
    binary("LogicalOr", 1, LogicalOr()),
    // OpenVINO writes this one of opset1 as if it came with opset2.
    binary("LogicalXor", 1, LogicalXor()),
    binary("LogicalXor", 2, LogicalXor()),
    binary("Maximum", 1, Maximum()),
    binary("Minimum", 1, Minimum()),
    binary("Mod", 1, Mod()),
    binary("Multiply", 1, Multiply()),
    binary("NotEqual", 1, NotEqual()),
    binary("Power", 1, Power()),
    binary("SquaredDifference", 1, SquaredDifference()),
    binary("Subtract", 1, Subtract()),
  ]

  /// A type whose only attribute is how shapes are matched.
  private static func binary(_ type: String, _ opset: Int, _ op: some Operator) -> IROperator {
    IROperator(type, opset) { layer in
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
