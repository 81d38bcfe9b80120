import OctetGraph
import OctetOperators

extension IROperatorTable {
  static let reductions: [IROperator] = [
    reduction("ReduceL1", 4, ReduceL1.init),
    reduction("ReduceL2", 4, ReduceL2.init),
    reduction("ReduceLogicalAnd", 1, ReduceLogicalAnd.init),
    reduction("ReduceLogicalOr", 1, ReduceLogicalOr.init),
    reduction("ReduceMax", 1, ReduceMax.init),
    reduction("ReduceMean", 1) { ReduceMean(keepsAxes: $0) },
    reduction("ReduceMin", 1, ReduceMin.init),
    reduction("ReduceProd", 1, ReduceProd.init),
    reduction("ReduceSum", 1, ReduceSum.init),
  ]

  private static func reduction<Reduction: Operator>(
    _ type: String, _ opset: Int, _ make: @escaping @Sendable (_ keepsAxes: Bool) -> Reduction
  ) -> IROperator {
    IROperator(type, opset) { layer in make(try layer.attributes.boolean("keep_dims", default: false)) }
  }
}
