import OctetGraph
import OctetOperators
import OctetTensor
import OctetTestSupport
import Testing

@Suite struct FakeQuantizeTests {
  private func fakeQuantize(
    _ x: [Double], _ range: (Double, Double), to output: (Double, Double)? = nil, levels: Int = 256
  ) throws -> [Double] {
    let output = output ?? range
    return try FakeQuantize(levels: levels).result(
      .f32(x, Shape(valid: [x.count])), .f32(range.0), .f32(range.1), .f32(output.0), .f32(output.1)
    ).doubles
  }

  @Test func boundsAreInclusiveBelowAndAbove() throws {
    #expect(try fakeQuantize([-1e30, -1, 0, 255, 256, 1e30], (0, 255)) == [0, 0, 0, 255, 255, 255])
  }

  @Test func tiesGoToEvenSteps() throws {
    #expect(try fakeQuantize([0.5, 1.5, 2.5, 3.5, 254.5], (0, 255)) == [0, 2, 2, 4, 254])
  }

  @Test func stepsAreCountedFromTheLowerBound() throws {
    // Steps of 2 from −1: 0 is half a step up, which is even step 0; 2 is step 1.5, which is even step 2.
    #expect(try fakeQuantize([0, 0.1, 2, 2.9], (-1, 5), levels: 4) == [-1, 1, 3, 3])
  }

  @Test(arguments: [2, 3, 16, 255, 256, 65536])
  func asManyValuesComeOutAsThereAreLevels(_ levels: Int) throws {
    let x = (0...4000).map { Double($0) / 1000 - 2 }
    let y = try fakeQuantize(x, (-1, 1), levels: levels)
    let step = 2 / Double(levels - 1)
    #expect(Set(y).count == min(levels, 2001))
    #expect(y.allSatisfy { abs((($0 + 1) / step).rounded() * step - ($0 + 1)) < 1e-6 })
    #expect(zip(x, y).allSatisfy { abs(min(max($0, -1), 1) - $1) <= step / 2 + 1e-6 })
  }

  @Test func outputRangesMayDifferFromInputRanges() throws {
    #expect(try fakeQuantize([-5, 0, 1, 2, 3, 9], (0, 3), to: (10, 40), levels: 4) == [10, 10, 20, 30, 40, 40])
  }

  @Test func reversedOutputRangesFallAsTheInputRises() throws {
    #expect(try fakeQuantize([-5, 0, 1, 2, 3, 9], (0, 3), to: (3, 0), levels: 4) == [3, 3, 2, 1, 0, 0])
  }

  /// x ≤ min gives outputLow even though that belongs to the upper end of a reversed range.
  @Test func reversedInputRangesFollowTheDefinition() throws {
    #expect(try fakeQuantize([-1, 0, 1, 2, 3, 4], (3, 0), to: (0, 3), levels: 4) == [0, 0, 2, 1, 0, 3])
  }

  @Test func anEmptyInputRangeIsAThreshold() throws {
    #expect(try fakeQuantize([0, 1, 1.0001, 5], (1, 1), to: (-2, 2)) == [-2, -2, 2, 2])
  }

  @Test func whatIsNotANumberBecomesTheLowerOutput() throws {
    #expect(try fakeQuantize([.nan, .infinity, -.infinity], (0, 1), to: (-3, 4)) == [-3, 4, -3])
  }

  @Test func rangesMayDifferByChannelAndByPosition() throws {
    let x = Tensor.f32([1, 1, 1, 1], [1, 2, 2])
    let low = Tensor.f32(0)
    let perChannel = Tensor.f32([1, 3], [1, 2, 1])
    let perPosition = Tensor.f32([1, 3], [1, 1, 2])
    let op = try FakeQuantize(levels: 2)
    #expect(try op.result(x, low, perChannel, low, perChannel).doubles == [1, 1, 0, 0])
    #expect(try op.result(x, low, perPosition, low, perPosition).doubles == [1, 0, 1, 0])
  }

  @Test(arguments: [-1, 0, 1, 65537])
  func levelsOutsideTheDefinitionAreRefused(_ levels: Int) {
    #expect(throws: OperatorError("levels of FakeQuantize: expected 2 to 65536, found \(levels)")) {
      try FakeQuantize(levels: levels)
    }
  }

  @Test func operandsThatDoNotFitAreRefused() throws {
    let op = try FakeQuantize(levels: 256)
    let scalar = Operand.of([])
    let x = Operand.of([1, 3, 4, 4])
    #expect(op.refusal(x, scalar) == "operands of FakeQuantize: expected 5, found 2")
    #expect(
      op.refusal(.of(.u8, [1]), scalar, scalar, scalar, scalar)
        == "operands of FakeQuantize: expected floating point, found u8")
    #expect(
      op.refusal(x, .of([1, 3, 4, 5]), scalar, scalar, scalar)
        == "shapes: expected extents that are equal or 1, found [1, 3, 4, 4] and [1, 3, 4, 5]")
    #expect(
      op.refusal(.of([3]), .of([2, 3]), scalar, scalar, scalar)
        == "ranges of FakeQuantize: expected at most rank 1, found [2, 3]")
    #expect(
      op.refusal(.of([1, 3]), .of([2, 3]), scalar, scalar, scalar)
        == "ranges of FakeQuantize: expected extents of [1, 3] or 1, found [2, 3]")
    let infinite = Tensor.f32(.infinity)
    #expect(
      op.refusal(x, scalar, Operand(type: infinite.type, constant: infinite), scalar, scalar)
        == "ranges of FakeQuantize: expected finite bounds, found inf")
  }
}

@Suite struct QuantizeTests {
  @Test(arguments: [(-1.0, 1.0, 256), (0.0, 6.0, 256), (-0.3, 2.7, 255), (1.0, 2.0, 16), (-5.0, -1.0, 2)])
  func quantizeThenDequantizeIsFakeQuantize(_ low: Double, _ high: Double, _ levels: Int) throws {
    let x = (0...20_000).map { low - 1 + Double($0) / 20_000 * (high - low + 2) }
    let input = Tensor.f32(x + [.nan, .infinity, -.infinity], Shape(valid: [x.count + 3]))
    let q = try Quantize(inputLow: [low], inputHigh: [high], levels: levels).result(input)
    let scale = (high - low) / Double(levels - 1)
    let y = try Dequantize(Dequantization(scale: scale, zeroPoint: -low / scale)).result(q)
    let expected = try FakeQuantize(levels: levels).result(input, .f32(low), .f32(high), .f32(low), .f32(high))
    #expect(largestDifference(y.doubles, expected.doubles) < 1e-4 / Double(levels))
  }

  @Test func channelsAreThoseOfAxisOne() throws {
    let quantize = Quantize(inputLow: [0, -4], inputHigh: [1, 0], levels: 5)
    let x = Tensor.f32([0, 0.5, -4, -1, 1, 2, -9, 9], [2, 2, 2])
    #expect(try quantize.result(x).elements(as: UInt8.self) == [0, 2, 0, 3, 4, 4, 0, 4])
  }

  @Test func dequantizationMayRunAlongSeveralAxes() throws {
    let q = Tensor(.i8, [2, 2, 2], elements: [1, 2, 3, 4, 5, 6, 7, 8] as [Int8])
    let groups = Dequantization(scales: [1, 10, 100, 1000], zeroPoints: [0, 1, 2, 3], axes: 0..<2)
    #expect(try Dequantize(groups).result(q).doubles == [1, 2, 20, 30, 300, 400, 4000, 5000])
  }

  @Test func wrongOperandsAreRefused() {
    let quantize = Quantize(inputLow: [0, 1], inputHigh: [1, 2], levels: 256)
    #expect(quantize.refusal(.of(.f64, [1, 2])) == "operand of Quantize: expected f32, found f64")
    #expect(quantize.refusal(.of([1, 3])) == "channels of Quantize: expected 2, found [1, 3]")
    #expect(quantize.refusal() == "operands of Quantize: expected 1, found 0")
    let dequantize = Dequantize(Dequantization(scales: [1, 2], zeroPoints: [0, 0]))
    #expect(dequantize.refusal(.of([1, 2])) == "operand of Dequantize: expected u8 or i8, found f32")
    #expect(
      dequantize.refusal(.of(.u8, [1, 3])) == "axes 1..<2 of Dequantize: expected 2 channels, found [1, 3]")
    #expect(dequantize.refusal(.of(.u8, [2])) == "axes 1..<2 of Dequantize: expected 2 channels, found [2]")
    let table = LookupTable([UInt8](0...255))
    #expect(table.refusal(.of(.i8, [1])) == "operand of LookupTable: expected u8, found i8")
  }

  @Test func equalParametersCollapseAndNearlyIntegerZeroPointsSnap() {
    let equal = Dequantization(scales: [0.5, 0.5], zeroPoints: [127.99999, 127.99999])
    #expect(equal.isPerTensor)
    #expect(equal.zeroPoints == [128])
    #expect(!Dequantization(scale: 1, zeroPoint: 127.5).hasIntegerZeroPoints)
    #expect(!Dequantization(scales: [1, 2], zeroPoints: [3, 3]).isPerTensor)
    #expect(Dequantization(scales: [1, 2], zeroPoints: [3, 3]).hasUniformZeroPoint)
  }
}
