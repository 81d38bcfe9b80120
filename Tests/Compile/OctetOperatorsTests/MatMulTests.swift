import OctetGraph
import OctetOperators
import OctetTensor
import Testing

@Suite struct MatMulTests {
  private let plain = MatMul(transposeA: false, transposeB: false)

  @Test(arguments: [true, false], [true, false])
  func eitherSideMayBeTransposed(_ transposeA: Bool, _ transposeB: Bool) throws {
    let a = transposeA ? Tensor.f32([1, 4, 2, 5, 3, 6], [3, 2]) : .f32([1, 2, 3, 4, 5, 6], [2, 3])
    let b = transposeB ? Tensor.f32([1, 2, 3, 10, 20, 30], [2, 3]) : .f32([1, 10, 2, 20, 3, 30], [3, 2])
    let y = try MatMul(transposeA: transposeA, transposeB: transposeB).result(a, b)
    #expect(y.shape == [2, 2])
    #expect(y.doubles == [14, 140, 32, 320])
  }

  @Test func vectorsLoseTheirAxis() throws {
    let matrix = Tensor.f32([1, 2, 3, 4, 5, 6], [2, 3])
    let row = try plain.result(.f32(10, 1), matrix)
    #expect(row.shape == [3])
    #expect(row.doubles == [14, 25, 36])
    let column = try plain.result(matrix, .f32(1, 10, 100))
    #expect(column.shape == [2])
    #expect(column.doubles == [321, 654])
    let product = try plain.result(.f32(1, 2), .f32(3, 4))
    #expect(product.shape == [])
    #expect(product.doubles == [11])
  }

  @Test func leadingAxesBroadcast() throws {
    let a = Tensor.f32([1, 2, 3, 4], [2, 1, 1, 2])
    let b = Tensor.f32([1, 1, 1, 10], [2, 2, 1])
    let y = try plain.result(a, b)
    #expect(y.shape == [2, 2, 1, 1])
    #expect(y.doubles == [3, 21, 7, 43])
  }

  @Test func zeroPointsAreSubtracted() throws {
    let a = Tensor(.u8, [1, 2], elements: [10, 20] as [UInt8])
    let b = Tensor(.i8, [2, 2], elements: [1, 2, 3, 4] as [Int8])
    let op = MatMul(transposeA: false, transposeB: false, leftZeroPoint: 9.5, rightZeroPoints: [1, 0])
    // 0.5 · (1 − 1) + 10.5 · (3 − 1) and 0.5 · 2 + 10.5 · 4
    #expect(try op.result(a, b).doubles == [21, 43])
  }

  @Test func wrongOperandsAreRefused() {
    #expect(plain.refusal(.of([2, 3])) == "operands of MatMul: expected 2, found 1")
    #expect(plain.refusal(.of([]), .of([2])) == "operands of MatMul: expected rank 1 or more, found [] and [2]")
    #expect(
      plain.refusal(.of([2, 3]), .of([2, 3])) == "inner extents of MatMul: expected equal ones, found [2, 3] and [2, 3]"
    )
    #expect(
      plain.refusal(.of([2, 3]), .of(.f64, [3, 2]))
        == "element types of MatMul: expected equal ones, or two of 8 bits, found f32 and f64")
    #expect(
      plain.refusal(.of([2, 1, 3]), .of([5, 3, 2]))
        == "shapes: expected extents that are equal or 1, found [2] and [5]")
  }
}
