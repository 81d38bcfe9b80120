import OctetGraph
import OctetOperators
import OctetTensor
import Testing

@Suite struct ReshapeTests {
  private let copying = Reshape(specialZero: true)

  private func shape(_ source: PartialShape, _ pattern: Tensor, specialZero: Bool = true) throws -> PartialShape {
    let known = Operand(type: pattern.type, constant: pattern)
    return try Reshape(specialZero: specialZero).resultTypes([.of(source), known])[0].shape
  }

  @Test func zeroCopiesAndMinusOneTakesWhatIsLeft() throws {
    #expect(try shape([2, 3, 4], .integers(0, -1)) == [2, 12])
    #expect(try shape([2, 3, 4], .integers(-1, 0, 2)) == [4, 3, 2])
    #expect(try shape([0, 4], .integers(0, 4), specialZero: false) == [0, 4])
  }

  @Test func openExtentsCancel() throws {
    #expect(try shape([.dynamic, 3, 4], .integers(0, -1)) == [.dynamic, 12])
    #expect(try shape([.dynamic, 3, 4], .integers(-1, 12)) == [.dynamic, 12])
  }

  @Test func anUnknownPatternGivesItsRank() throws {
    let type = try copying.resultTypes([.of([2, 3]), .of(.i64, [3])])[0]
    #expect(type.shape == [.dynamic, .dynamic, .dynamic])
  }

  @Test func impossiblePatternsAreRefused() {
    let x = Operand.of([2, 3, 4])
    #expect(
      copying.refusal(x, .known(5, 5)) == "shape of Reshape: expected 24 elements as in [2, 3, 4], found 25")
    #expect(
      copying.refusal(x, .known(-1, 5))
        == "shape of Reshape: expected a divisor of the 24 elements of [2, 3, 4], found 5")
    #expect(copying.refusal(x, .known(-1, -1)) == "shape of Reshape: expected at most one −1, found [-1, -1]")
    #expect(copying.refusal(x, .known(-2)) == "shape of Reshape: expected extents of −1 or more, found [-2]")
    #expect(
      copying.refusal(x, .known(2, 3, 4, 0))
        == "shape of Reshape: expected 0 only where the operand [2, 3, 4] has an axis, found [2, 3, 4, 0]")
    #expect(copying.refusal(x) == "operands of Reshape: expected 2, found 1")
  }
}

@Suite struct StridedSliceTests {
  private let rows = Tensor.f32([0, 1, 2, 10, 11, 12, 20, 21, 22], [3, 3])

  private func slice(
    _ begin: Tensor, _ end: Tensor, _ strides: Tensor, beginMask: [Int] = [], endMask: [Int] = [],
    newAxis: [Int] = [], shrink: [Int] = [], ellipsis: [Int] = []
  ) throws -> Tensor {
    try StridedSlice(
      beginMask: beginMask, endMask: endMask, newAxisMask: newAxis, shrinkAxisMask: shrink, ellipsisMask: ellipsis
    ).result(rows, begin, end, strides)
  }

  @Test func boundsCountFromTheBackAndAreCut() throws {
    let y = try slice(.integers(-2, 1), .integers(99, -1), .integers(1, 1))
    #expect(y.shape == [2, 1])
    #expect(y.doubles == [11, 21])
  }

  @Test func masksOpenTheEnds() throws {
    let y = try slice(.integers(1, 1), .integers(2, 2), .integers(1, 1), beginMask: [1, 0], endMask: [0, 1])
    #expect(y.doubles == [1, 2, 11, 12])
  }

  @Test func negativeStridesRunBackwards() throws {
    let all = try slice(.integers(0, 0), .integers(0, 0), .integers(-1, -2), beginMask: [1, 1], endMask: [1, 1])
    #expect(all.doubles == [22, 20, 12, 10, 2, 0])
    #expect(try slice(.integers(2, 0), .integers(0, 1), .integers(-1, 1)).doubles == [20, 10])
    #expect(try slice(.integers(-1, 0), .integers(Int.min, 1), .integers(-1, 1)).doubles == [20, 10, 0])
  }

  @Test func axesAreInsertedShrunkAndSkipped() throws {
    let inserted = try slice(.integers(0, 0), .integers(1, 2), .integers(1, 1), newAxis: [1, 0])
    #expect(inserted.shape == [1, 2, 3])
    let shrunk = try slice(.integers(-1, 0), .integers(0, 3), .integers(1, 2), shrink: [1, 0])
    #expect(shrunk.shape == [2])
    #expect(shrunk.doubles == [20, 22])
    let skipped = try slice(.integers(0, 1), .integers(0, 2), .integers(1, 1), ellipsis: [1, 0])
    #expect(skipped.doubles == [1, 11, 21])
  }

  @Test func emptySlicesAreEmpty() throws {
    #expect(try slice(.integers(2, 0), .integers(1, 3), .integers(1, 1)).shape == [0, 3])
  }

  @Test func impossibleBoundsAreRefused() throws {
    let op = try StridedSlice(beginMask: [], endMask: [], shrinkAxisMask: [1])
    let x = Operand.of([3, 3])
    #expect(op.refusal(x, .known(3), .known(4)) == "index of StridedSlice: expected -3…2, found 3")
    #expect(
      op.refusal(x, .known(0), .known(1), .known(0))
        == "bounds of StridedSlice: expected equally many and no stride 0, found [0], [1], [0]")
    #expect(op.refusal(x, .known(0, 0, 0), .known(1, 1, 1)) == "bounds of StridedSlice: expected at most 2, found 3")
    #expect(op.refusal(x, .of(.i64, [.dynamic]), .known(1)) != nil)
  }
}

@Suite struct MovementTests {
  private let matrix = Tensor.f32([1, 2, 3, 4, 5, 6], [2, 3])

  /// Bounds, counts and target shapes may be computed when a request comes: until then extents are open.
  @Test func extentsAreOpenWhileTheValuesThatDecideThemAreNotKnown() throws {
    func shape(_ op: any Operator, _ operands: Operand...) throws -> PartialShape {
      try op.resultTypes(operands)[0].shape
    }
    let x = Operand.of([2, 3])
    func open(_ count: Int) -> Operand { .of(.i64, [.fixed(count)]) }
    let cutting = try StridedSlice(beginMask: [], endMask: [], newAxisMask: [0, 1], shrinkAxisMask: [1])
    #expect(try shape(cutting, x, open(2), open(2)) == [1, 3])
    #expect(try shape(try StridedSlice(beginMask: [], endMask: []), x, open(1), open(1)) == [.dynamic, 3])
    #expect(try shape(Slice(), x, open(1), open(1), .known(1), .known(1)) == [2, .dynamic])
    #expect(try shape(Tile(), x, open(3)) == [.dynamic, .dynamic, .dynamic])
    #expect(try shape(Broadcast(mode: .numPy), x, open(3)) == [.dynamic, .dynamic, .dynamic])
    #expect(try shape(Pad(mode: .edge), x, open(2), open(2)) == [.dynamic, .dynamic])
    #expect(try shape(OneHot(axis: -1), .of(.i64, [2]), .of(.i64, []), .of([]), .of([])) == [2, .dynamic])
    #expect(try VariadicSplit().resultTypes([x, .known(1), open(2)]).map(\.shape) == [[2, .dynamic], [2, .dynamic]])
    #expect(VariadicSplit().refusal(x, .known(1), .of(.i64, [.dynamic])) != nil)
  }

  @Test func transposePermutesAxes() throws {
    let y = try Transpose().result(matrix, .integers(1, 0))
    #expect(y.shape == [3, 2])
    #expect(y.doubles == [1, 4, 2, 5, 3, 6])
    #expect(try Transpose().result(matrix, Tensor(.i64, [0])).shape == [3, 2])
  }

  @Test func impossibleOrdersAreRefused() {
    let x = Operand.of([2, 3])
    #expect(
      Transpose().refusal(x, .known(0, 0)) == "order of Transpose: expected each of the 2 axes once, found [0, 0]")
    #expect(Transpose().refusal(x, .known(0, 2)) == "axis of Transpose: expected -2…1, found 2")
    #expect(Transpose().refusal(x, .of(.i64, [2])) == "the order of Transpose is not known")
  }

  @Test(arguments: [0, -2])
  func concatJoinsRows(_ axis: Int) throws {
    let y = try Concat(axis: axis).result(matrix, .f32([7, 8, 9], [1, 3]))
    #expect(y.shape == [3, 3])
    #expect(y.doubles == [1, 2, 3, 4, 5, 6, 7, 8, 9])
  }

  @Test func concatJoinsInnerAxes() throws {
    #expect(try Concat(axis: 1).result(matrix, .f32([7, 8], [2, 1])).doubles == [1, 2, 3, 7, 4, 5, 6, 8])
  }

  @Test func concatSharesWhatIsKnownOfOpenExtents() throws {
    let types = try Concat(axis: 1).resultTypes([.of([.dynamic, 3]), .of([2, 4])])
    #expect(types[0].shape == [2, 7])
    #expect(try Concat(axis: 1).resultTypes([.of([2, .dynamic]), .of([2, 4])])[0].shape == [2, .dynamic])
  }

  @Test func concatRefusesWhatDoesNotFit() {
    #expect(Concat(axis: 0).refusal() == "operands of Concat: expected at least 1, found 0")
    #expect(Concat(axis: 2).refusal(.of([2, 3])) == "axis of Concat: expected -2…1, found 2")
    #expect(
      Concat(axis: 0).refusal(.of([2, 3]), .of([2, 4]))
        == "operands of Concat: expected f32[2, 3] but for axis 0, found f32[2, 4]")
    #expect(
      Concat(axis: 0).refusal(.of([2, 3]), .of(.u8, [2, 3]))
        == "operands of Concat: expected f32[2, 3] but for axis 0, found u8[2, 3]")
  }

  @Test func squeezeRemovesAndUnsqueezeInserts() throws {
    let x = Tensor.f32([1, 2], [1, 2, 1])
    #expect(try Squeeze().result(x).shape == [2])
    #expect(try Squeeze().result(x, .integers(-1)).shape == [1, 2])
    #expect(try Unsqueeze().result(x, .integers(0, -1)).shape == [1, 1, 2, 1, 1])
    #expect(Squeeze().refusal(.of([2, 1]), .known(0)) == "axis 0 of Squeeze: expected extent 1, found [2, 1]")
    #expect(Squeeze().refusal(.of([.dynamic, 1])) == "Squeeze without axes needs a fixed shape, not [?, 1]")
    #expect(Unsqueeze().refusal(.of([2]), .known(0, 0)) == "axes of Unsqueeze: expected different ones, found [0, 0]")
  }

  @Test func shapeOfKnowsExtentsOnly() throws {
    let op = try ShapeOf(outputType: .i32)
    #expect(try op.result(matrix).doubles == [2, 3])
    #expect(throws: OperatorError("output type of ShapeOf: expected i32 or i64, found f32")) {
      try ShapeOf(outputType: .f32)
    }
  }
}

@Suite struct BroadcastingTests {
  @Test func shapesAlignAtTheEnd() throws {
    #expect(try Broadcasting.shape([2, 3, 4], [3, 1]) == [2, 3, 4])
    #expect(try Broadcasting.shape([], [3]) == [3])
    #expect(try Broadcasting.shape([0], [1]) == [0])
  }

  @Test func openExtentsTakeWhatIsKnown() throws {
    #expect(try Broadcasting.shape([.dynamic, 3], [5, 1]) == [5, 3])
    #expect(try Broadcasting.shape([.dynamic], [1]) == [.dynamic])
  }

  @Test func unequalExtentsAreRefused() {
    #expect(throws: OperatorError("shapes: expected extents that are equal or 1, found [2, 3] and [2, 4]")) {
      try Broadcasting.shape([2, 3], [2, 4])
    }
  }

  @Test func indicesRepeatStretchedAxes() {
    #expect(Broadcasting.indices(of: [2, 1], in: [2, 2, 3]) == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    #expect(Broadcasting.indices(of: .scalar, in: [2]) == [0, 0])
  }

  @Test func perChannelMeansOneValuePerIndexOfTheAxis() {
    let channels = Tensor.f32([1, 2, 3], [3, 1, 1])
    #expect(Broadcasting.perChannel(channels, to: [1, 3, 4, 4], channelAxis: 1) == [1, 2, 3])
    #expect(Broadcasting.perChannel(channels, to: [1, 3, 4, 4], channelAxis: 2) == nil)
    #expect(Broadcasting.perChannel(.f32([1, 2, 3, 4], [4]), to: [1, 4, 4, 4], channelAxis: 1) == nil)
    #expect(Broadcasting.perChannel(.f32([5], [1, 1]), to: [1, 3, 4, 4], channelAxis: 1) == [5])
    #expect(Broadcasting.perChannel(.f32([1, 2], [2, 1, 1]), to: [1, 3, 4, 4], channelAxis: 1) == nil)
  }
}

@Suite struct ElementTests {
  @Test func sumsAndProductsOfIntegersWrapAround() throws {
    let top = Tensor(.i32, [2], elements: [Int32.max, .min])
    let two = Tensor(.i32, [2], elements: [2, 2] as [Int32])
    #expect(try Add().result(top, two).elements(as: Int32.self) == [.min + 1, .min + 2])
    #expect(try Multiply().result(top, two).elements(as: Int32.self) == [-2, 0])
  }

  @Test func wideIntegersKeepTheirLowBits() throws {
    let large = Tensor(.i64, [1], elements: [Int64.max - 1])
    #expect(try Add().result(large, .integers(1)).elements(as: Int64.self) == [.max])
  }

  @Test func dividingIntegersByZeroDoesNotTrap() throws {
    let x = Tensor(.i32, [3], elements: [7, -7, .min] as [Int32])
    let y = Tensor(.i32, [3], elements: [0, 2, -1] as [Int32])
    #expect(try Divide().result(x, y).elements(as: Int32.self).prefix(2) == [0, -4])
  }

  @Test func operandsMayBeIntegersWithADequantization() throws {
    let add = Add(.init(left: Dequantization(scale: 0.5, zeroPoint: 10)))
    let q = Tensor(.u8, [2], elements: [10, 14] as [UInt8])
    #expect(try add.result(q, .f32(1, 1)).doubles == [1, 3])
    #expect(Add().refusal(.of(.u8, [2]), .of([2])) == "element types of Add: expected equal ones, found u8 and f32")
  }

  @Test(arguments: [false, true])
  func reductionsNameTheirAxes(_ keepsAxes: Bool) throws {
    let x = Tensor.f32([1, 2, 3, 4, 5, 6], [2, 3])
    let sum = try ReduceSum(keepsAxes: keepsAxes).result(x, .integers(-1))
    #expect(sum.shape == (keepsAxes ? [2, 1] : [2]))
    #expect(sum.doubles == [6, 15])
    #expect(try ReduceMean(keepsAxes: keepsAxes).result(x, .integers(0, 1)).doubles == [3.5])
    #expect(try ReduceMax(keepsAxes: keepsAxes).result(x, .integers(0)).doubles == [4, 5, 6])
    #expect(ReduceSum(keepsAxes: true).refusal(.of([2]), .known(1)) == "axis of ReduceSum: expected -1…0, found 1")
    #expect(ReduceSum(keepsAxes: true).refusal(.of([2]), .of(.i64, [1])) == "the axes of ReduceSum are not known")
  }

  /// A set of 2^20 keys that equal nothing would be searched from its beginning for each.
  @Test func whatEqualsNothingIsDifferentFromAll() throws {
    let op = try Unique(isSorted: false, indexType: .i64, countType: .i64)
    let few = try op.evaluate([.f32(.nan, 2, .nan, 2)])
    #expect(few[1...].map(\.doubles) == [[0, 1, 2], [0, 1, 2, 1], [1, 2, 1]])
    let many = Tensor(.f32, [1 << 20], elements: [Float](repeating: .nan, count: 1 << 20))
    #expect(try op.evaluate([many])[3].elementCount == 1 << 20)
  }
}
