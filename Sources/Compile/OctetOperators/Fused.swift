package import OctetGraph
import OctetRuntime
package import OctetTensor

/// An operator and those that a kernel applies to its result before storing it, in order.
///
/// Its meaning is theirs, one after the other. Operands: those of `base`, then the further ones of each operation.
package struct Fused: Operator {
  package struct Operation: Equatable, Sendable {
    package let op: any Operator
    /// Which operand of `op` is the result so far.
    package let chainOperand: Int
    package let furtherOperandCount: Int

    package init(op: any Operator, chainOperand: Int, furtherOperandCount: Int) {
      self.op = op
      self.chainOperand = chainOperand
      self.furtherOperandCount = furtherOperandCount
    }

    package static func == (a: Operation, b: Operation) -> Bool {
      areEqual(a.op, b.op) && a.chainOperand == b.chainOperand && a.furtherOperandCount == b.furtherOperandCount
    }
  }

  package static let name = "Fused"
  package let base: any Operator
  package let baseOperandCount: Int
  package let operations: [Operation]

  package init(base: any Operator, baseOperandCount: Int, operations: [Operation]) {
    self.base = base
    self.baseOperandCount = baseOperandCount
    self.operations = operations
  }

  /// The fused node that `chain` belongs to.
  package init(base: any Operator, baseOperandCount: Int, chain: [FusedOperation]) {
    self.init(
      base: base, baseOperandCount: baseOperandCount,
      operations: chain.map {
        Operation(op: $0.op, chainOperand: $0.chainOperand, furtherOperandCount: $0.furtherOperands.count)
      })
  }

  /// `base`, which may be fused already, and one more operation behind it.
  package init(_ operation: FusedOperation, after base: any Operator, operandCount: Int) {
    let own = Operation(
      op: operation.op, chainOperand: operation.chainOperand, furtherOperandCount: operation.furtherOperands.count)
    if let fused = base as? Fused {
      self.init(base: fused.base, baseOperandCount: fused.baseOperandCount, operations: fused.operations + [own])
    } else {
      self.init(base: base, baseOperandCount: operandCount, operations: [own])
    }
  }

  package static func == (a: Fused, b: Fused) -> Bool {
    areEqual(a.base, b.base) && a.baseOperandCount == b.baseOperandCount && a.operations == b.operations
  }

  package var attributes: String {
    ([base] + operations.map(\.op)).map { op in
      op.attributes.isEmpty ? op.name : "\(op.name)(\(op.attributes))"
    }.joined(separator: " → ")
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard let last = try chain(operands).last else { return try base.resultTypes(baseOperands(operands)) }
    return [last.type]
  }

  package func baseOperands(_ operands: [Operand]) -> [Operand] { Array(operands.prefix(baseOperandCount)) }

  /// The fused operations with their operands and result types.
  package func chain(_ operands: [Operand]) throws(OperatorError) -> [FusedOperation] {
    var type = try base.resultTypes(baseOperands(operands))[0]
    var next = baseOperandCount
    var chain: [FusedOperation] = []
    for operation in operations {
      guard next + operation.furtherOperandCount <= operands.count else {
        throw .mismatch("operands of Fused", expected: "more than \(operands.count)", found: "\(operands.count)")
      }
      let further = Array(operands[next..<(next + operation.furtherOperandCount)])
      next += operation.furtherOperandCount
      var own = further
      own.insert(Operand(type: type), at: operation.chainOperand)
      type = try operation.op.resultTypes(own)[0]
      chain.append(
        FusedOperation(op: operation.op, chainOperand: operation.chainOperand, furtherOperands: further, type: type))
    }
    return chain
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let types = try? base.resultTypes(baseOperands(operands)) else { return 0 }
    return base.macs(baseOperands(operands), types)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    var value = try base.evaluate(Array(operands.prefix(baseOperandCount)))[0]
    var next = baseOperandCount
    for operation in operations {
      var own = Array(operands[next..<(next + operation.furtherOperandCount)])
      next += operation.furtherOperandCount
      own.insert(value, at: operation.chainOperand)
      value = try operation.op.evaluate(own)[0]
    }
    return [value]
  }

  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    guard let chain = try? chain(operands) else { return false }
    return base.accepts(operation, after: chain + taken, baseOperands(operands))
  }
}

extension Operator {
  /// The operators of the model that it computes, in order.
  package var parts: [any Operator] {
    switch self {
    case let fused as Fused: [fused.base] + fused.operations.map(\.op)
    case let forked as Forked: forked.fused.parts
    default: [self]
    }
  }
}
