import OctetKernels
import Testing

struct LookupU8Tests {
  private static let layouts = [1, 15, 31, 32, 63, 64, 65, 300, 50_000].flatMap { columns in
    [
      RowLayout(rows: 3, columns: columns),
      RowLayout(rows: 3, columns: columns, sourceStride: columns + 1, destinationStride: columns + 5),
    ]
  }

  private func check<Result: BitwiseCopyable>(_ lookup: LookupU8, _ table: [Result], _ layout: RowLayout) {
    var random = TestRandom(seed: UInt64(layout.columns))
    let source = (0...255) + random.bytes(layout.rows * layout.sourceStride)
    var expected = [Result](
      repeating: TestMemory<Result>.untouched, count: layout.rows * layout.destinationStride)
    for row in 0..<layout.rows {
      for column in 0..<layout.columns {
        expected[row * layout.destinationStride + column] = table[Int(source[row * layout.sourceStride + column])]
      }
    }
    for team in testTeams {
      let destination = TestMemory<Result>(count: expected.count)
      TestMemory(source).with { source in destination.with { lookup.run(source, into: $0, team: team) } }
      #expect(firstDifference(destination.values, expected) == nil)
      #expect(destination.endIsUntouched)
    }
  }

  @Test(arguments: InstructionSet.allCases, layouts)
  func everyByteBecomesItsEntry(_ instructionSet: InstructionSet, _ layout: RowLayout) throws {
    let cpu = try instructionSet.cpuOrCancel()
    var random = TestRandom(seed: 3)
    let bytes = random.bytes(256)
    check(LookupU8(bytes, layout, cpu: cpu), bytes, layout)
    let floats = random.floats(256, in: -1...1)
    check(LookupU8(floats, layout, cpu: cpu), floats, layout)
  }
}
