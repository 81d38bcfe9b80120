import OctetTensor
import OctetTestSupport
import Testing

@Suite struct ConversionTests {
  private func packed(_ elementType: ElementType, _ count: Int, _ bytes: [UInt8]) throws -> Tensor {
    let storage = TensorStorage(byteCount: bytes.count)
    for (index, byte) in bytes.enumerated() { storage.base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
    return try #require(Tensor(elementType, Shape(valid: [count]), storage: storage))
  }

  @Test func fourBitElementsStandLowHalfFirst() throws {
    #expect(try packed(.u4, 3, [0xF1, 0x08]).doubles == [1, 15, 8])
    #expect(try packed(.i4, 3, [0xF1, 0x08]).doubles == [1, -1, -8])
  }

  @Test func singleBitsStandHighestFirst() throws {
    #expect(try packed(.u1, 10, [0b1010_0001, 0b0100_0000]).doubles == [1, 0, 1, 0, 0, 0, 0, 1, 0, 1])
  }

  @Test func bfloat16IsTheUpperHalfRoundedToEven() {
    // 1 + 2⁻⁸ lies halfway between 1 and 1 + 2⁻⁷; 1 + 3 · 2⁻⁸ between 1 + 2⁻⁷ and 1 + 2⁻⁶.
    let values: [Double] = [0x1.01p0, 0x1.03p0, 0x1.011p0, -2.5, .infinity, .nan]
    let rounded: [Double] = [1, 0x1.04p0, 0x1.02p0, -2.5, .infinity]
    let tensor = Tensor(.bf16, [6], converting: values)
    #expect(Array(tensor.doubles.prefix(5)) == rounded)
    #expect(tensor.doubles[5].isNaN)
  }

  @Test func float16RoundsAndOverflows() {
    #expect(Tensor(.f16, [3], converting: [0x1.002p0, 65504, 1e6]).doubles == [1, 65504, .infinity])
  }

  @Test(arguments: [
    (ElementType.i8, -128.0, 127.0), (.u8, 0, 255), (.i16, -32768, 32767), (.u16, 0, 65535),
    (.i32, -2_147_483_648, 2_147_483_647), (.u32, 0, 4_294_967_295), (.i64, -0x1p63, 0x1p63), (.u64, 0, 0x1p64),
  ])
  func integersSaturateAndTakeNoNumberForZero(_ elementType: ElementType, _ low: Double, _ high: Double) {
    let tensor = Tensor(elementType, [5], converting: [-.infinity, -1e300, .nan, 1e300, .infinity])
    #expect(tensor.doubles == [low, low, 0, high, high])
  }

  @Test func integersDropTheFraction() {
    #expect(Tensor(.i8, [4], converting: [1.9, -1.9, 127.9, -0.5]).doubles == [1, -1, 127, 0])
  }

  @Test func booleansAreOneForAnythingButZero() {
    #expect(Tensor(.boolean, [3], converting: [0, 0.1, -5]).elements(as: UInt8.self) == [0, 1, 1])
  }

  @Test func wholeNumbersThatDoNotFitAreNil() {
    #expect(Tensor(.f32, [2], converting: [1.5, -2]).integers == [1, -2])
    #expect(Tensor(.f32, [1], converting: [.nan]).integers == nil)
    #expect(Tensor(.f64, [1], converting: [1e30]).integers == nil)
    #expect(Tensor(.u64, [1], elements: [UInt64.max]).integers == nil)
    #expect(Tensor(.i64, [1], elements: [Int64.min]).integers == [Int.min])
  }
}

@Suite struct ShapeTests {
  @Test func shapesThatOverflowOrAreTooLargeFail() {
    #expect(Shape([-1]) == nil)
    #expect(Shape([Int.max, 2]) == nil)
    #expect(Shape([1 << 20, 1 << 20])?.elementCount == Shape.maximumElementCount)
    #expect(Shape([1 << 20, 1 << 20, 2]) == nil)
    #expect(Shape([0, 7])?.elementCount == 0)
  }

  @Test func stridesAreRowMajor() {
    #expect(([2, 3, 4] as Shape).strides == [12, 4, 1])
    #expect(Shape.scalar.strides == [])
    #expect(([2, 3, 4] as Shape).count(in: 1..<3) == 12)
  }

  @Test func packedTypesNeedWholeBytes() {
    #expect(ElementType.i4.byteCount(of: 3) == 2)
    #expect(ElementType.u1.byteCount(of: 9) == 2)
    #expect(ElementType.f64.byteCount(of: Int.max) == nil)
    #expect(ElementType.string.byteCount(of: 1) == nil)
    #expect(ElementType.u8.byteCount(of: -1) == nil)
  }

  @Test func openShapesAcceptWhatTheirBoundsAllow() {
    let shape: PartialShape = [.dynamic, .bounded(2...4), 3]
    #expect(shape.accepts([9, 2, 3]))
    #expect(!shape.accepts([9, 5, 3]))
    #expect(!shape.accepts([9, 2, 4]))
    #expect(!shape.accepts([9, 2]))
    #expect(shape.fixed == nil)
    #expect("\(shape)" == "[?, 2..4, 3]")
    #expect("\(Dimension.bounded(1...Int.max))" == "1..")
  }

  @Test(arguments: [([1, 8, 1, 1], true), ([1, 1, 4, 4], true), ([2, 8], true), ([1, 2, 2, 1], false)])
  func layoutsCoincideWhereOneOfThePartsIsOne(_ extents: [Int], _ coincide: Bool) {
    #expect(Layout.coincide(for: Shape(valid: extents)) == coincide)
  }
}
