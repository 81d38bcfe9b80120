import OctetKernels
import Testing

struct ElementwiseCase: Sendable, CustomTestStringConvertible {
  var name: String
  var extents: [Int]
  var a: [Int], b: [Int], destination: [Int]

  var testDescription: String { "\(name) \(extents)" }

  static let all: [ElementwiseCase] =
    [1, 15, 16, 17, 33, 1024, 1025, 5000].map { count in
      ElementwiseCase(name: "same shape", extents: [count], a: [1], b: [1], destination: [1])
    } + [
      ElementwiseCase(name: "scalar b", extents: [3, 50], a: [50, 1], b: [0, 0], destination: [50, 1]),
      ElementwiseCase(name: "scalar a", extents: [1500], a: [0], b: [1], destination: [1]),
      ElementwiseCase(name: "channels of b", extents: [70, 24], a: [24, 1], b: [0, 1], destination: [24, 1]),
      ElementwiseCase(name: "channels of a", extents: [70, 17], a: [0, 1], b: [17, 1], destination: [17, 1]),
      ElementwiseCase(name: "rows of b", extents: [40, 19], a: [19, 1], b: [1, 0], destination: [19, 1]),
      ElementwiseCase(name: "gaps", extents: [40, 19], a: [20, 1], b: [23, 1], destination: [32, 1]),
      ElementwiseCase(name: "transposed b", extents: [13, 19], a: [19, 1], b: [1, 13], destination: [19, 1]),
      ElementwiseCase(
        name: "channels-last", extents: [2, 6, 5], a: [30, 1, 6], b: [0, 1, 0], destination: [30, 1, 6]),
      ElementwiseCase(name: "one channel in wide pixels", extents: [9], a: [1], b: [1], destination: [4]),
      ElementwiseCase(name: "outer product", extents: [11, 1200], a: [1, 0], b: [0, 1], destination: [1200, 1]),
      ElementwiseCase(
        name: "six axes", extents: [2, 3, 2, 2, 3, 5], a: [180, 0, 30, 0, 5, 1], b: [0, 60, 0, 15, 0, 1],
        destination: [180, 60, 30, 15, 5, 1]),
      ElementwiseCase(name: "nothing", extents: [3, 0], a: [0, 1], b: [0, 1], destination: [0, 1]),
    ]

  /// Elements that a tensor of these strides takes.
  func count(_ strides: [Int]) -> Int { zip(extents, strides).reduce(1) { $0 + max(0, $1.0 - 1) * $1.1 } }

  /// The offsets of every element in a, b and the destination, and its column.
  var elements: [(a: Int, b: Int, destination: Int, column: Int)] {
    let columnAxis = destination.lastIndex(of: 1)
    return (0..<extents.reduce(1, *)).map { number in
      var rest = number
      var element = (a: 0, b: 0, destination: 0, column: 0)
      for axis in extents.indices.reversed() {
        let position = rest % extents[axis]
        rest /= extents[axis]
        element.a += position * a[axis]
        element.b += position * b[axis]
        element.destination += position * destination[axis]
        if axis == columnAxis { element.column = position }
      }
      return element
    }
  }
}

/// A tensor of any of the element types: its bytes, and what they mean.
private struct TestTensor {
  var bytes: [UInt8]
  var values: [Float]

  init(_ element: VectorElement, count: Int, random: inout TestRandom) {
    switch element {
    case .u8:
      bytes = random.bytes(count)
      values = bytes.map { Float($0) }
    case .i8:
      bytes = random.bytes(count)
      values = bytes.map { Float(Int8(bitPattern: $0)) }
    case .f32:
      values = random.floats(count, in: -100...100)
      for i in values.indices where i % 7 == 3 { values[i] = awkwardFloats[i / 7 % awkwardFloats.count] }
      bytes = values.withUnsafeBytes { Array($0) }
    }
  }
}

private func meaning(_ operation: Elementwise.Operation, _ a: Float, _ b: Float) -> Float {
  switch operation {
  case .add: a + b
  case .subtract: a - b
  case .multiply: a * b
  case .divide: a / b
  case .maximum: a > b ? a : b
  case .minimum: a < b ? a : b
  case .squaredDifference: (a - b) * (a - b)
  }
}

private func meaning(_ affine: Affine, _ x: Float, column: Int) -> Float {
  if affine == .identity { return x }
  return x * affine.scale[column % affine.scale.count] + affine.shift[column % affine.shift.count]
}

private func clamp(_ x: Float, _ range: ClosedRange<Float>) -> Float {
  min(x > range.lowerBound ? x : range.lowerBound, range.upperBound)
}

struct ElementwiseTests {
  @Test(arguments: InstructionSet.allCases, ElementwiseCase.all)
  func equalsDefinition(_ instructionSet: InstructionSet, _ test: ElementwiseCase) throws {
    let cpu = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: UInt64(test.extents.reduce(1, *)))
    let elements = test.elements
    let columns = (elements.map(\.column).max() ?? 0) + 1
    let perColumn = Affine(scale: random.floats(columns, in: -2...2), shift: random.floats(columns, in: -9...9))
    let perTensor = Affine(scale: [0.75], shift: [-3])
    let epilogues = [
      Elementwise.Epilogue(), .init(clamp: -20...60), .init(affine: perTensor, result: .u8),
      .init(clamp: 0...6, affine: elements.isEmpty ? .identity : perColumn, result: .i8),
    ]
    for (number, operation) in Elementwise.Operation.allCases.enumerated() {
      let types = VectorElement.allCases
      let a = types[number % 3], b = types[(number / 2 + test.extents.count) % 3]
      let affine = [Affine.identity, perTensor, elements.isEmpty ? perTensor : perColumn][number % 3]
      try check(
        operation, test, elements, a: .init(a, affine: affine, strides: test.a), b: .init(b, strides: test.b),
        epilogues[number % 4], cpu: cpu, random: &random)
    }
  }

  private func check(
    _ operation: Elementwise.Operation, _ test: ElementwiseCase,
    _ elements: [(a: Int, b: Int, destination: Int, column: Int)], a: Elementwise.Operand, b: Elementwise.Operand,
    _ epilogue: Elementwise.Epilogue, cpu: CPU, random: inout TestRandom
  ) throws {
    let first = TestTensor(a.element, count: test.count(test.a), random: &random)
    let second = TestTensor(b.element, count: test.count(test.b), random: &random)
    let kernel = Elementwise(
      operation, extents: test.extents, a: a, b: b, strides: test.destination, epilogue: epilogue, cpu: cpu)

    var floats = [Float](repeating: TestMemory<Float>.untouched, count: test.count(test.destination))
    var bytes = [UInt8](repeating: TestMemory<UInt8>.untouched, count: floats.count)
    for element in elements {
      let x = meaning(a.affine, first.values[element.a], column: element.column)
      let v = meaning(operation, x, meaning(b.affine, second.values[element.b], column: element.column))
      let y = meaning(epilogue.affine, epilogue.clamp.map { clamp(v, $0) } ?? v, column: element.column)
      floats[element.destination] = y
      if case .bytes(let low, let high) = epilogue.result {
        let rounded = clamp(y, Float(low)...Float(high)).rounded(.toNearestOrEven)
        bytes[element.destination] = UInt8(truncatingIfNeeded: Int32(rounded))
      }
    }
    for team in testTeams {
      TestMemory(first.bytes).with { a in
        TestMemory(second.bytes).with { b in
          if epilogue.result == .f32 {
            let destination = TestMemory<Float>(count: floats.count)
            destination.with { kernel.run(a, b, into: $0, team: team) }
            #expect(firstDifference(canonical(destination.values), canonical(floats)) == nil, "\(operation)")
            #expect(destination.endIsUntouched)
          } else {
            let destination = TestMemory<UInt8>(count: bytes.count)
            destination.with { kernel.run(a, b, into: $0, team: team) }
            #expect(firstDifference(destination.values, bytes) == nil, "\(operation)")
            #expect(destination.endIsUntouched)
          }
        }
      }
    }
  }

  @Test func destinationMayBeAnOperand() {
    let count = 3000
    let kernel = Elementwise(
      .add, extents: [count], a: .init(.f32, strides: [1]), b: .init(.f32, strides: [1]), strides: [1])
    let a = TestMemory<Float>((0..<count).map { Float($0) })
    let b = TestMemory<Float>((0..<count).map { Float($0 % 7) })
    a.with { a in b.with { b in kernel.run(a, b, into: a, team: testTeams[1]) } }
    #expect(a.values == (0..<count).map { Float($0) + Float($0 % 7) })
  }
}
