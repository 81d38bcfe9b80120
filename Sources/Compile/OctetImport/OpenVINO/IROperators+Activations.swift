import OctetOperators

extension IROperatorTable {
  static let activations: [IROperator] = [
    IROperator("Clamp", 1) { layer in
      try Clamp(minimum: layer.attributes.double("min"), maximum: layer.attributes.double("max"))
    },
    IROperator("ReLU", 1) { _ in ReLU() },
    IROperator("SoftMax", 1) { layer in SoftMax(axis: try layer.attributes.integer("axis", default: 1)) },
    IROperator("SoftMax", 8) { layer in SoftMax(axis: try layer.attributes.integer("axis", default: 1)) },
  ]
}
