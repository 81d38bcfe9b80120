package import OctetTensor

/// How an operator that sums products runs on integers.
package enum IntegerForm {
  /// The operator sums nothing, or its operands are not all integers yet.
  case notAccumulating
  /// It could, but not here: the reason, as `octet explain` prints it.
  case refused(String)
  /// The sum of these terms, of a constant and of a function of the first operand; both broadcast to the result.
  case sum([IntegerTerm], constant: Tensor? = nil, correction: (any Operator)? = nil)
}

/// factors · g(q): an operator on the integers behind the operands, its result then multiplied.
package struct IntegerTerm {
  package let op: any Operator
  /// Stands in for operand `weightsOperand`; nil keeps it.
  package let weights: Tensor?
  package let weightsOperand: Int
  /// Broadcast to the result.
  package let factors: Tensor

  package init(op: any Operator, weights: Tensor? = nil, weightsOperand: Int = 1, factors: Tensor) {
    self.op = op
    self.weights = weights
    self.weightsOperand = weightsOperand
    self.factors = factors
  }
}

extension Tensor {
  /// f64 values along one axis of a tensor of rank `rank`, as a tensor that broadcasts to it; one value is a scalar.
  package static func values(_ values: [Double], alongAxis axis: Int, rank: Int) -> Tensor {
    if Set(values).count == 1 { return Tensor(.f64, .scalar, converting: [values[0]]) }
    let extents = (0..<rank).map { $0 == axis ? values.count : 1 }
    return Tensor(.f64, Shape(valid: extents), converting: values)
  }
}
