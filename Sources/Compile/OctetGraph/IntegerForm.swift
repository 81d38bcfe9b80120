package import OctetTensor

/// How an operator that sums products runs on integers.
package enum IntegerForm {
  /// The operator sums nothing, or its operands are not all integers yet.
  case notAccumulating
  /// It could, but not here: the reason, as `octet explain` prints it.
  case refused(String)
  /// The sum of these terms, and of a constant that broadcasts to the result.
  case sum([IntegerTerm], constant: Tensor? = nil)
}

/// scale · g(q): an operator on the integers behind the operands, its result then multiplied.
package struct IntegerTerm {
  package let op: any Operator
  /// Stands in for operand `weightsOperand`; nil keeps it.
  package let weights: Tensor?
  package let weightsOperand: Int
  /// One, or one per channel of `channelAxis`.
  package let scales: [Double]
  package let channelAxis: Int

  package init(
    op: any Operator, weights: Tensor? = nil, weightsOperand: Int = 1, scales: [Double], channelAxis: Int
  ) {
    self.op = op
    self.weights = weights
    self.weightsOperand = weightsOperand
    self.scales = scales
    self.channelAxis = channelAxis
  }
}
