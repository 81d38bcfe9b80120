import OctetGraph
import OctetOperators
import OctetTensor
import Testing

/// Result shapes where some extents are known only when a request arrives.
@Suite struct ShapeTests {
  private func constant(_ values: Int64...) -> Operand {
    let tensor = Tensor(.i64, Shape(valid: [values.count]), elements: values)
    return Operand(type: tensor.type, constant: tensor)
  }

  private func shapes(_ op: any Operator, _ shape: PartialShape, _ further: Operand...) throws -> [PartialShape] {
    try op.resultTypes([Operand(type: TensorType(.f32, shape))] + further).map(\.shape)
  }

  @Test func openExtentsStayOpen() throws {
    #expect(try shapes(try Split(count: 2), [.dynamic, 4], constant(1)) == [[.dynamic, 2], [.dynamic, 2]])
    #expect(try shapes(VariadicSplit(), [2, .dynamic], constant(1), constant(3, -1)) == [[2, 3], [2, .dynamic]])
    #expect(
      try shapes(Slice(), [.dynamic, 4], constant(0, 1), constant(2, 3), constant(1, 1)) == [[.dynamic, 2]])
    #expect(try shapes(Tile(), [.dynamic, 4], constant(2, 2)) == [[.dynamic, 8]])
    #expect(try shapes(Pad(mode: .constant), [.dynamic, 4], constant(1, 1), constant(0, 2)) == [[.dynamic, 7]])
    #expect(
      try shapes(try DepthToSpace(blockSize: 2, mode: .depthFirst), [1, 8, .dynamic, 3]) == [[1, 2, .dynamic, 6]])
    #expect(
      try shapes(Gather(batchAxes: 0, wrapsNegatives: true), [.dynamic, 4], constant(1, 2, 3), constant(1)) == [
        [.dynamic, 3]
      ])
  }

  @Test func boundsAreNotNarrowedByWhatDoesNotChange() throws {
    #expect(try shapes(Roll(), [.bounded(1...8), 4], constant(1), constant(1)) == [[.bounded(1...8), 4]])
  }

  @Test func packedElementsAreNotMoved() {
    let packed = Operand(type: TensorType(.u4, [2, 4] as Shape))
    #expect(throws: OperatorError("operand 0 of Tile: expected elements of 8 bits or more, found u4")) {
      try Tile().resultTypes([packed, constant(2, 2)])
    }
  }

  @Test func recurrentWeightsMustFitTheHiddenSize() throws {
    let settings = try RecurrentSettings(
      hiddenSize: 3, activations: [RecurrentActivation(.sigmoid), RecurrentActivation(.tanh)], clip: nil)
    func operand(_ shape: Shape) -> Operand { Operand(type: TensorType(.f32, shape)) }
    #expect(throws: OperatorError("W of GRUCell: expected f32[9, 2], found f32[8, 2]")) {
      try GRUCell(settings: settings, resetsAfter: false)
        .resultTypes([operand([1, 2]), operand([1, 3]), operand([8, 2]), operand([9, 3]), operand([9])])
    }
  }
}
