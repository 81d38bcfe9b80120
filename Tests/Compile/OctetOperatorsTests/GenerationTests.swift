import OctetGraph
import OctetOperators
import OctetTensor
import Testing

@Suite struct GenerationTests {
  private let seeds: RandomSeeds

  init() throws { seeds = try RandomSeeds(global: 7, own: 3, of: "test") }

  private func draw(
    _ probabilities: Tensor, _ count: Int, replaces: Bool = true, readsLogarithms: Bool = false
  ) throws -> [Double] {
    let op = try Multinomial(outputType: .i32, replaces: replaces, readsLogarithms: readsLogarithms, seeds: seeds)
    return try op.result(probabilities, Tensor(.i64, [1], elements: [Int64(count)])).doubles
  }

  /// OpenVINO's RandomUniform draws 0.401, 0.377, 0.309, 0.088, 0.746, 0.455 and 0.502, 0.365, 0.922, 0.993, 0.094, 0.007
  /// from these seeds.
  @Test func classesAreDrawnByTheNumbersOfRandomUniform() throws {
    let probabilities = Tensor.f32([0.1, 0.2, 0.3, 0.4, 0.7, 0.1, 0.1, 0.1], [2, 4])
    #expect(try draw(probabilities, 6) == [2, 2, 2, 0, 3, 2, 0, 0, 3, 3, 0, 0])
    #expect(try draw(Tensor.f32([1, 2, 3, 4], [4]), 6) == [2, 2, 2, 0, 3, 2])
    let logarithms = Tensor.f32([-2.3026, -1.6094, -1.204, -0.9163], [4])
    #expect(try draw(logarithms, 6, readsLogarithms: true) == [2, 2, 2, 0, 3, 2])
  }

  /// 0.401 of [.1, .2, .3, .4] is class 2; then 0.377 of [.1, .2, 0, .4] is class 1, 0.309 of [.1, 0, 0, .4] class 3.
  @Test func whatWasDrawnIsGone() throws {
    #expect(try draw(Tensor.f32([0.1, 0.2, 0.3, 0.4], [4]), 4, replaces: false) == [2, 1, 3, 0])
    #expect(throws: OperatorError.self) { try draw(Tensor.f32([1, 1], [2]), 3, replaces: false) }
  }

  @Test func impossibleClassesAreNotDrawn() throws {
    #expect(Set(try draw(Tensor.f32([0, 0, 1, 0], [4]), 500)) == [2])
  }

  /// What the reference of OpenVINO draws; its CPU plugin draws 32 bits.
  @Test func integersOf64BitsTakeTwoNumbers() throws {
    let op = try RandomUniform(outputType: .i64, seeds: try RandomSeeds(global: 150, own: 10, of: "test"))
    let bounds = [-5, 90].map { Tensor(.i64, .scalar, elements: [Int64($0)]) }
    let drawn = try op.result(Tensor(.i64, [1], elements: [Int64(10)]), bounds[0], bounds[1])
    #expect(drawn.doubles == [45, 26, 7, 20, 61, 53, 34, 23, 19, 27])
  }

  @Test func seedsAreNeededAndBoundsHaveAnOrder() throws {
    #expect(throws: OperatorError.self) { try RandomSeeds(global: 0, own: 0, of: "test") }
    let op = try RandomUniform(outputType: .i32, seeds: seeds)
    let (shape, one) = (Tensor(.i64, [1], elements: [Int64(3)]), Tensor(.i32, .scalar, elements: [Int32(1)]))
    #expect(throws: OperatorError.self) { try op.evaluate([shape, one, one]) }
  }

  @Test func labelsMustBeClasses() throws {
    let op = CTCLoss(mergesRepeats: true, collapsesRepeats: false, keepsFirstOnly: false)
    func loss(length: Int32, labels: [Int32], count: Int32) throws {
      _ = try op.evaluate([
        .f32([Double](repeating: 0, count: 9), [1, 3, 3]), Tensor(.i32, [1], elements: [length]),
        Tensor(.i32, [1, 3], elements: labels), Tensor(.i32, [1], elements: [count]),
      ])
    }
    try loss(length: 3, labels: [0, 1, 0], count: 3)
    for (length, labels, count) in [
      (4, [0, 1, 0], 1), (0, [0, 0, 0], 0), (2, [0, 1, 0], 3), (3, [3, 0, 0], 1), (3, [-1, 0, 0], 1),
      (3, [0, 0, 0], -1),
    ] as [(Int32, [Int32], Int32)] {
      #expect(throws: OperatorError.self) { try loss(length: length, labels: labels, count: count) }
    }
  }
}
