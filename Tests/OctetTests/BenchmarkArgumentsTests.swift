import ArgumentParser
import OctetKernels
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import octet

@Suite struct BenchmarkArgumentsTests {
  @Test func takesAModelOrTheKernelsButNotBoth() throws {
    #expect(try Benchmark.parse(["model.xml"]).model == "model.xml")
    #expect(try Benchmark.parse(["--kernels"]).kernels)
    #expect(throws: (any Error).self) { try Benchmark.parse([]) }
    #expect(throws: (any Error).self) { try Benchmark.parse(["model.xml", "--kernels"]) }
  }

  @Test func anInstructionSetIsForTheKernels() throws {
    #expect(try Benchmark.parse(["--kernels", "--isa", "scalar"]).isa == .scalar)
    #expect(throws: (any Error).self) { try Benchmark.parse(["model.xml", "--isa", "scalar"]) }
    #expect(throws: (any Error).self) { try Benchmark.parse(["--kernels", "--isa", "mmx"]) }
  }

  @Test func readsShapesWithAndWithoutAName() throws {
    let arguments = ["1,3,224,224", "x=7", "a=b=2,2"].map(ShapeArgument.init)
    #expect(arguments.map { $0?.name } == [nil, "x", "a=b"])
    #expect(arguments.map { $0?.shape } == [[1, 3, 224, 224], [7], [2, 2]])
    #expect(try Benchmark.parse(["model.xml", "--shape", "a=1", "--shape", "b=2"]).shapes.count == 2)
  }

  @Test(arguments: ["", "x=", "1,,2", "0", "-1,2", "1,two", "1x2", "99999999999999999999", "4000000000,4000000000"])
  func refusesWhatIsNoShape(_ text: String) {
    #expect(ShapeArgument(argument: text) == nil)
  }
}

@Suite struct InputShapesTests {
  private let model = FakeModel.doubling(row: 2)
  private let pair = FakeModel.copying([.f32, .i64], extent: 3)

  private func resolve(_ shapes: [String], batch: Int = 1, _ model: CompiledModel) throws -> [Shape] {
    try InputShapes(requested: shapes.compactMap(ShapeArgument.init), batch: batch).resolved(for: model)
  }

  @Test func openExtentsAreAsSmallAsMayBeOrTheBatch() throws {
    #expect(try resolve([], model) == [[1, 2]])
    #expect(try resolve([], batch: 5, model) == [[5, 2]])
  }

  @Test func aShapeGoesBeforeTheBatch() throws {
    #expect(try resolve(["x=4,2"], batch: 5, model) == [[4, 2]])
    #expect(try resolve(["4,2"], model) == [[4, 2]])
  }

  @Test func severalInputsAreNamed() throws {
    #expect(try resolve(["f32=3", "i64=3"], pair) == [[3], [3]])
  }

  @Test(arguments: [
    ("y=1,2", "--shape y=1,2: expected an input out of 'x', found 'y'"),
    ("x=1,3", "--shape x=1,3: input 'x' takes [?, 2]"),
  ])
  func refusesWhatTheModelDoesNotTake(_ shape: String, _ sentence: String) throws {
    let error = try #require(throws: CommandError.self) { try resolve([shape], model) }
    #expect(error.description == sentence)
    #expect(error.code == .usage)
  }

  @Test func asksForANameWhereThereAreSeveralInputs() throws {
    let error = try #require(throws: CommandError.self) { try resolve(["3"], pair) }
    #expect(error.description == "--shape 3: expected NAME=… with a name out of 'f32', 'i64'")
  }

  @Test func refusesABatchThatTheModelFixes() throws {
    let error = try #require(throws: CommandError.self) { try resolve([], batch: 2, pair) }
    #expect(error.description == "--batch 2: input 'f32' takes [3]")
  }
}
