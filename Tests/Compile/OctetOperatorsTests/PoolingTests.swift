import OctetGraph
import OctetOperators
import OctetTensor
import Testing

@Suite struct PoolingTests {
  private func row(
    kernel: Int, stride: Int = 1, begin: Int = 0, end: Int = 0, _ rounding: SpatialWindow.Rounding = .floor
  ) throws -> PoolingWindow {
    let window = try SpatialWindow(
      strides: [stride], dilations: [1], padsBegin: [begin], padsEnd: [end], rounding: rounding)
    return try PoolingWindow(kernel: [kernel], window: window)
  }

  private let x = Tensor.f32([3, 1, 4, 1, 5, 9], [1, 1, 6])

  @Test func maximaAndTheirPositions() throws {
    let op = try MaxPool(pooling: row(kernel: 2, stride: 2), indexType: .i64)
    let results = try op.evaluate([x])
    #expect(results.map(\.doubles) == [[3, 4, 9], [0, 2, 5]])
  }

  @Test func positionsAreFlattenedFromAnAxisOn() throws {
    let planes = Tensor.f32([1, 2, 4, 3], [1, 2, 2])
    #expect(try MaxPool(pooling: row(kernel: 2), indexType: .i32).evaluate([planes])[1].doubles == [1, 2])
    #expect(
      try MaxPool(pooling: row(kernel: 2), indexType: .i32, indexAxis: 2).evaluate([planes])[1].doubles == [1, 0])
  }

  @Test func paddingNeverWins() throws {
    let op = try MaxPool(pooling: row(kernel: 2, begin: 1, end: 1), indexType: nil)
    #expect(try op.result(.f32([-3, -1], [1, 1, 2])).doubles == [-3, -1, -1])
  }

  @Test func theFirstOfEqualMaximaIsReported() throws {
    let op = try MaxPool(pooling: row(kernel: 3), indexType: .i64)
    #expect(try op.evaluate([.f32([7, 7, 7], [1, 1, 3])])[1].doubles == [0])
  }

  @Test func roundingUpAddsAPartialWindow() throws {
    #expect(try MaxPool(pooling: row(kernel: 2, stride: 4), indexType: nil).result(x).shape == [1, 1, 2])
    let ceil = try MaxPool(pooling: row(kernel: 3, stride: 4, .ceil), indexType: nil)
    #expect(try ceil.result(x).doubles == [4, 9])
    #expect(try MaxPool(pooling: row(kernel: 3, stride: 4), indexType: nil).result(x).doubles == [4])
  }

  /// 4 values with one of padding on both sides, kernel 1, stride 3: the third window would begin behind the image.
  @Test func aWindowThatBeginsInThePaddingIsLeftOutByCeilTorch() throws {
    let four = Tensor.f32([1, 2, 3, 4], [1, 1, 4])
    let ceil = try AvgPool(pooling: row(kernel: 2, stride: 3, begin: 1, end: 1, .ceil), excludesPadding: true)
    let torch = try AvgPool(pooling: row(kernel: 2, stride: 3, begin: 1, end: 2, .ceilTorch), excludesPadding: true)
    #expect(try ceil.result(four).shape == [1, 1, 3])
    #expect(try torch.result(four).shape == [1, 1, 2])
  }

  @Test func averagesMayExcludePadding() throws {
    let pooling = try row(kernel: 3, stride: 1, begin: 1, end: 1)
    let four = Tensor.f32([3, 6, 9, 12], [1, 1, 4])
    #expect(try AvgPool(pooling: pooling, excludesPadding: true).result(four).doubles == [4.5, 6, 9, 10.5])
    #expect(try AvgPool(pooling: pooling, excludesPadding: false).result(four).doubles == [3, 6, 9, 7])
  }

  /// The last window has one value and one of padding; what lies behind the padding does not count.
  @Test func paddedAveragesStopAtTheEndOfThePadding() throws {
    let pooling = try row(kernel: 3, stride: 2, end: 1, .ceil)
    let four = Tensor.f32([3, 6, 9, 12], [1, 1, 4])
    #expect(try AvgPool(pooling: pooling, excludesPadding: false).result(four).doubles == [6, 7])
    let short = Tensor.f32([3, 6, 9], [1, 1, 3])
    #expect(try AvgPool(pooling: pooling, excludesPadding: false).result(short).doubles == [6, 4.5])
  }

  @Test func integersAreAveragedWithoutTheirZeroPoint() throws {
    let op = AvgPool(pooling: try row(kernel: 2, stride: 2), excludesPadding: true, zeroPoints: [1])
    let y = try op.result(Tensor(.u8, [1, 1, 4], elements: [1, 2, 3, 4] as [UInt8]))
    #expect(y.elementType == .f32)
    #expect(y.doubles == [0.5, 2.5])
  }

  @Test func wrongKernelsAndOperandsAreRefused() throws {
    #expect(throws: OperatorError("kernel of pooling: expected 1 extents of 1 or more, found [0]")) {
      try row(kernel: 0)
    }
    let pool = try MaxPool(pooling: row(kernel: 2), indexType: nil)
    #expect(pool.refusal(.of([1, 1, 4, 4])) == "operand of MaxPool: expected rank 3, found [1, 1, 4, 4]")
    #expect(pool.refusal(.of([1, 1, 1])) == "window: expected to fit into the padded extent 1, found kernel 2")
    #expect(throws: OperatorError.self) { try MaxPool(pooling: row(kernel: 2), indexType: .f32) }
    let average = AvgPool(pooling: try row(kernel: 2), excludesPadding: true)
    #expect(
      average.refusal(.of(.i64, [1, 1, 4]))
        == "operand of AvgPool: expected floating point or 8-bit integers, found i64[1, 1, 4]")
  }
}
