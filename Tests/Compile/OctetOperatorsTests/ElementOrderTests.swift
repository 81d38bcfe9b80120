import OctetGraph
import OctetOperators
import OctetTensor
import Testing

/// Orders of elements against tensors of numbers that go through the same operators.
@Suite struct ElementOrderTests {
  private func rearranged(_ shape: Shape, _ operations: [FusedOperation]) throws -> ElementOrder? {
    let first = try #require(operations.first?.op as? any Rearrangement)
    let operands = [Operand(type: TensorType(.f32, PartialShape(shape)))] + operations[0].furtherOperands
    return try first.order(operands, Array(operations.dropFirst()))
  }

  private func operation(_ op: any Operator, _ constant: [Int64], _ result: Shape) -> FusedOperation {
    let tensor = Tensor(.i64, [constant.count], elements: constant)
    return FusedOperation(
      op: op, chainOperand: 0, furtherOperands: [Operand(type: tensor.type, constant: tensor)],
      type: TensorType(.f32, PartialShape(result)))
  }

  @Test func whatFollowsStridesIsFollowed() throws {
    let transposed = operation(Transpose(), [1, 0], [4, 6])
    // [4, 6] from columns: two rows of the source are a digit that can be cut into 2 · 3.
    #expect(try rearranged([6, 4], [transposed, operation(Reshape(specialZero: false), [8, 3], [8, 3])]) != nil)
    #expect(
      try rearranged([6, 4], [transposed, operation(Reshape(specialZero: false), [4, 2, 3], [4, 2, 3])]) != nil)
  }

  @Test func whatCutsADigitUnevenlyIsRefused() throws {
    let transposed = operation(Transpose(), [1, 0], [4, 6])
    // Rows of 8 would begin in the middle of a column of 6.
    #expect(try rearranged([6, 4], [transposed, operation(Reshape(specialZero: false), [3, 8], [3, 8])]) == nil)
    let untouched = operation(Reshape(specialZero: false), [3, 8], [3, 8])
    #expect(try rearranged([6, 4], [untouched]) != nil)
  }

  @Test func otherOperatorsEndTheRow() throws {
    let transposed = operation(Transpose(), [1, 0], [4, 6])
    let negative = FusedOperation(
      op: Negative(), chainOperand: 0, furtherOperands: [], type: TensorType(.f32, [4, 6]))
    #expect(try rearranged([6, 4], [transposed, negative]) == nil)
  }
}
