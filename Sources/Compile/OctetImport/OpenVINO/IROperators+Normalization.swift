import OctetGraph
import OctetOperators

extension IROperatorTable {
  static let normalization: [IROperator] = [
    IROperator("BatchNormInference", 1) { layer in
      try BatchNormInference(epsilon: layer.attributes.double("epsilon"), dataOperand: 2)
    },
    IROperator("BatchNormInference", 5) { layer in
      try BatchNormInference(epsilon: layer.attributes.double("epsilon"), dataOperand: 0)
    },
    IROperator("GRN", 1) { layer in GRN(bias: try layer.attributes.double("bias")) },
    IROperator("GroupNormalization", 12) { layer in
      try GroupNormalization(
        groups: layer.attributes.integer("num_groups"), epsilon: layer.attributes.double("epsilon"))
    },
    IROperator("LRN", 1) { layer in
      try LRN(
        alpha: layer.attributes.double("alpha"), beta: layer.attributes.double("beta"),
        bias: layer.attributes.double("bias"), size: layer.attributes.integer("size"))
    },
    IROperator("LogSoftmax", 5) { layer in LogSoftmax(axis: try layer.attributes.integer("axis", default: -1)) },
    IROperator("MVN", 2) { layer in
      try MVN(
        axes: firstMVNAxes(layer), normalizesVariance: layer.attributes.boolean("normalize_variance", default: true),
        epsilon: layer.attributes.double("eps", default: 1e-9), epsilonPlace: .insideRoot)
    },
    IROperator("MVN", 6) { layer in
      try layer.attributes.require("eps_mode", oneOf: "inside_sqrt", "outside_sqrt")
      return try MVN(
        axes: .operand, normalizesVariance: layer.attributes.boolean("normalize_variance"),
        epsilon: layer.attributes.double("eps"),
        epsilonPlace: layer.attributes.text("eps_mode").lowercased() == "inside_sqrt" ? .insideRoot : .outsideRoot)
    },
    IROperator("NormalizeL2", 1) { layer in
      NormalizeL2(epsilon: try layer.attributes.double("eps"), mode: try layer.attributes.choice("eps_mode"))
    },
    IROperator("RMS", sets: ["ie_internal_opset"]) { layer in try RMS(epsilon: layer.attributes.double("epsilon")) },
    IROperator("SoftMax", 1, 8) { layer in SoftMax(axis: try layer.attributes.integer("axis", default: 1)) },
  ]

  /// The first version says by two attributes what the second takes as an operand.
  private static func firstMVNAxes(_ layer: IRLayer) throws(OperatorError) -> MVN.Axes {
    let listed = try layer.attributes.integers("reduction_axes", default: [])
    if !listed.isEmpty { return .listed(listed) }
    return try layer.attributes.boolean("across_channels", default: false) ? .from(1) : .from(2)
  }
}
