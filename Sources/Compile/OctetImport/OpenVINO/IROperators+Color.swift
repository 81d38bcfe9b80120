import OctetOperators

extension IROperatorTable {
  /// Pictures as cameras give them.
  static let color: [IROperator] = SubsampledColor.Format.allCases.flatMap { format in
    SubsampledColor.Order.allCases.map { order in
      plain("\(format.rawValue)to\(order.rawValue)", 8, SubsampledColor(format, to: order))
    }
  }
}
