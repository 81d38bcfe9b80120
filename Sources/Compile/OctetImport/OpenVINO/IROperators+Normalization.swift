import OctetGraph
import OctetOperators

extension IROperatorTable {
  static let normalization: [IROperator] = [
    IROperator("SoftMax", 1, 8) { layer in SoftMax(axis: try layer.attributes.integer("axis", default: 1)) }
  ]
}
