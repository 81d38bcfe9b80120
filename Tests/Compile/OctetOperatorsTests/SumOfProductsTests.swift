import OctetGraph
import OctetOperators
import OctetTensor
import Testing

/// What Einsum, embedding bags and adaptive pools refuse.
@Suite struct SumOfProductsTests {
  @Test(arguments: ["ij,jk->ik->i", "i1->i", "i......j", "ij->ii", "ij->k", "ij,jk->\u{e9}"])
  func equationsWithoutMeaningAreRefused(_ equation: String) {
    #expect(throws: OperatorError.self) { try Einsum(equation: equation) }
  }

  @Test func operandsThatDoNotFitAnEquationAreRefused() throws {
    let product = try Einsum(equation: "ij,jk->ik")
    #expect(product.refusal(.of([2, 3]), .of([4, 5])) == "axes of one name in Einsum: expected extent 3, found 4")
    #expect(product.refusal(.of([2, 3])) != nil)
    #expect(product.refusal(.of([2, 3]), .of([3])) == "operand of Einsum: expected 2 axes, found 1")
    #expect(product.refusal(.of([2, 3]), .of(.i32, [3, 4])) != nil)
    #expect(try product.resultTypes([.of([.dynamic, 3]), .of([.dynamic, 4])])[0].shape == [.dynamic, 4])
  }

  @Test func anEmptySumIsZero() throws {
    let product = try Einsum(equation: "ij,jk->ik")
    #expect(try product.result(Tensor(.f32, [2, 0]), Tensor(.f32, [0, 2])).doubles == [0, 0, 0, 0])
  }

  @Test func indicesOutsideTheTableAreRefusedWhenTheyCome() throws {
    let table = Tensor.f32([1, 2, 3, 4], [2, 2])
    let bags = EmbeddingBag(grouping: .offsets, reduction: .sum)
    #expect(try bags.evaluate([table, .integers(0, 1), .integers(0, 0)])[0].doubles == [0, 0, 4, 6])
    #expect(throws: OperatorError.self) { try bags.evaluate([table, .integers(0, 2), .integers(0)]) }
    #expect(throws: OperatorError.self) { try bags.evaluate([table, .integers(0, -1), .integers(0)]) }
    #expect(throws: OperatorError.self) { try bags.evaluate([table, .integers(0, 1), .integers(1, 0)]) }
    #expect(throws: OperatorError.self) { try bags.evaluate([table, .integers(0, 1), .integers(0, 9)]) }
    let segments = EmbeddingBag(grouping: .segments, reduction: .sum)
    let count = Tensor(.i64, .scalar, elements: [Int64(2)])
    #expect(throws: OperatorError.self) {
      try segments.evaluate([table, .integers(0, 1), .integers(1, 0), count])
    }
    #expect(bags.refusal(.of([2, 2]), .of(.i64, [3])) != nil)
    #expect(bags.refusal(.of([2, 2]), .of([3]), .of(.i64, [1])) != nil)
  }

  @Test func adaptivePoolsRefuseWhatHasNoPixels() {
    #expect(AdaptiveAvgPool().refusal(.of([1, 2, 0]), .known(2)) != nil)
    #expect(AdaptiveAvgPool().refusal(.of([1, 2, 4]), .known(0)) != nil)
    #expect(AdaptiveAvgPool().refusal(.of([1, 2, 4]), .known(1, 2)) != nil)
    #expect(AdaptiveAvgPool().refusal(.of([1, 2])) != nil)
  }

  @Test func placesOutsideEveryImageDoNotTrap() throws {
    let image = Tensor.f32([1, 2, 3, 4], [1, 1, 2, 2])
    let wild = Tensor.f32([.nan, .infinity, -.infinity, 1e30, 0, 0], [1, 1, 3, 2])
    for mode in GridSample.Mode.allCases {
      for padding in GridSample.Padding.allCases {
        let op = GridSample(mode: mode, padding: padding, alignsCorners: false)
        #expect(try op.evaluate([image, wild])[0].elementCount == 3)
      }
    }
    let window = try SpatialWindow(strides: [1, 1], dilations: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0])
    for reaches in [false, true] {
      let op = try DeformableConvolution(window: window, groups: 1, offsetGroups: 1, reachesEdges: reaches)
      let offsets = Tensor.f32([.nan, 1e30, 0, 0, -0.5, .infinity, 0, 0], [1, 2, 2, 2])
      #expect(try op.evaluate([image, offsets, .f32([1], [1, 1, 1, 1])])[0].elementCount == 4)
    }
  }
}
