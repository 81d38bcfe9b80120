package import OctetRuntime
package import OctetTensor

/// What a node computes. One conforming type per file; the requirements without a default are enough to run.
///
/// The rest are capabilities: an operator that says how a dequantization passes through it takes part in the
/// low-precision transformations without a pass of its own, and one that lowers itself gets a kernel.
package protocol Operator: Sendable, Equatable {
  /// The type name in the opset, such as Convolution.
  static var name: String { get }

  /// The attributes as text, for dumps: `strides 2×2, pads 1×1`. Empty when there are none.
  var attributes: String { get }

  /// Result types and shapes for these operands; dynamic extents in, dynamic extents out.
  func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType]

  /// Whether it takes operands of less than 8 bits. The others need not think of elements without an address.
  static var readsPackedElements: Bool { get }

  /// The meaning: slow, plain and right. Operands have passed `resultTypes`.
  func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor]

  /// Multiply-accumulate operations of one execution.
  func macs(_ operands: [Operand], _ results: [TensorType]) -> Int

  /// Layers of the model that it computes besides the node's own, and that users want to see on their own. Counters give
  /// the time of all to the node's.
  func furtherLayers(_ operands: [Operand]) -> [FurtherLayer]

  /// The dequantization of each result when the operands stay integers and this operator runs on them unchanged:
  /// f(dequantize(q)) = dequantize(f(q)). Nil when it cannot.
  func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]?

  /// The form of this operator that accumulates over integers, f(dequantize(q)) = Σ scale · g(q).
  func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm

  /// This operator reading operand `index` as integers and dequantizing it itself. Nil when it cannot.
  func absorbing(_ dequantization: Dequantization, operand index: Int) -> (any Operator)?

  /// Whether a kernel of this operator can apply `operation` to its result before storing it, after those that it
  /// has already taken.
  func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool

  /// A kernel for the operands at `site`, its weights packed.
  func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive
}

extension Operator {
  package static var readsPackedElements: Bool { false }
  package var attributes: String { "" }
  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int { 0 }
  package func furtherLayers(_ operands: [Operand]) -> [FurtherLayer] { [] }
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? { nil }
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm { .notAccumulating }
  package func absorbing(_ dequantization: Dequantization, operand index: Int) -> (any Operator)? { nil }
  package func accepts(_ operation: FusedOperation, after taken: [FusedOperation], _ operands: [Operand]) -> Bool {
    false
  }

  /// The reference: `evaluate` on row-major tensors. Slow, never absent.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { ReferencePrimitive(self, site) }

  package var name: String { Self.name }
}

/// Whether two operators are of one type with equal attributes.
package func areEqual(_ a: any Operator, _ b: any Operator) -> Bool {
  func compare<O: Operator>(_ a: O) -> Bool { (b as? O) == a }
  return compare(a)
}

/// What an operator may know of an operand before it runs.
package struct Operand: Sendable {
  package let type: TensorType
  /// The value, when it is known at load time.
  package let constant: Tensor?

  package init(type: TensorType, constant: Tensor? = nil) {
    self.type = type
    self.constant = constant
  }

  package var shape: PartialShape { type.shape }
  package var elementType: ElementType { type.elementType }
}

/// An operator that a kernel applies to its result before storing it.
package struct FusedOperation: Sendable {
  package let op: any Operator
  /// Which operand of `op` is the value so far; the others are further operands of the fused node.
  package let chainOperand: Int
  package let furtherOperands: [Operand]
  /// The result type of `op`.
  package let type: TensorType

  package init(op: any Operator, chainOperand: Int, furtherOperands: [Operand], type: TensorType) {
    self.op = op
    self.chainOperand = chainOperand
    self.furtherOperands = furtherOperands
    self.type = type
  }
}
