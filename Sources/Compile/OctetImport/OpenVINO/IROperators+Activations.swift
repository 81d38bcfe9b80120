import OctetGraph
import OctetOperators

extension IROperatorTable {
  /// Operators of one tensor, element by element.
  static let activations: [IROperator] = [
    plain("Abs", 1, Abs()),
    plain("Acos", 1, Acos()),
    plain("Acosh", 4, Acosh()),
    plain("Asin", 1, Asin()),
    plain("Asinh", 4, Asinh()),
    plain("Atan", 1, Atan()),
    plain("Atanh", 4, Atanh()),
    plain("BitwiseNot", 13, BitwiseNot()),
    plain("Ceiling", 1, Ceiling()),
    IROperator("Clamp", 1) { layer in
      try Clamp(minimum: layer.attributes.double("min"), maximum: layer.attributes.double("max"))
    },
    plain("Cos", 1, Cos()),
    plain("Cosh", 1, Cosh()),
    IROperator("Elu", 1) { layer in Elu(alpha: try layer.attributes.double("alpha")) },
    plain("Erf", 1, Erf()),
    plain("Exp", 1, Exp()),
    plain("Floor", 1, Floor()),
    IROperator("Gelu", 2) { _ in Gelu(approximation: .erf) },
    IROperator("Gelu", 7) { layer in
      Gelu(approximation: try layer.attributes.choice("approximation_mode", default: .erf))
    },
    plain("HSigmoid", 5, HSigmoid()),
    plain("HSwish", 4, HSwish()),
    plain("HardSigmoid", 1, HardSigmoid()),
    plain("IsFinite", 10, IsFinite()),
    IROperator("IsInf", 10) { layer in
      IsInf(
        detectsNegative: try layer.attributes.boolean("detect_negative", default: true),
        detectsPositive: try layer.attributes.boolean("detect_positive", default: true))
    },
    plain("IsNaN", 10, IsNaN()),
    plain("Log", 1, Log()),
    plain("LogicalNot", 1, LogicalNot()),
    plain("Mish", 4, Mish()),
    plain("Negative", 1, Negative()),
    plain("PReLU", 1, PReLU()),
    plain("ReLU", 1, ReLU()),
    IROperator("Round", 5) { layer in Round(ties: try layer.attributes.choice("mode", default: .toEven)) },
    plain("Selu", 1, Selu()),
    plain("Sigmoid", 1, Sigmoid()),
    plain("Sign", 1, Sign()),
    plain("Sin", 1, Sin()),
    plain("Sinh", 1, Sinh()),
    plain("SoftPlus", 4, SoftPlus()),
    plain("SoftSign", 9, SoftSign()),
    plain("Sqrt", 1, Sqrt()),
    plain("Swish", 4, Swish()),
    plain("Tan", 1, Tan()),
    plain("Tanh", 1, Tanh()),
  ]

  /// A type without attributes.
  static func plain(_ type: String, _ opset: Int, _ op: some Operator) -> IROperator {
    IROperator(type, opset) { _ in op }
  }
}
