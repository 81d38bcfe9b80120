import OctetOperators

extension IROperatorTable {
  static let normalization: [IROperator] = []
}
